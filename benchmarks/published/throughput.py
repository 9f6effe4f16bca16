"""Published throughputs of LoRA and QLoRA runs against what the architecture says; fitting its figures to them."""

import importlib
import math
import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from benchmarks.published.rows import Row
from benchmarks.published.setups import LeftOut, training
from training.core.estimate import list_throughput
from training.core.gpu_names import is_that_gpu
from training.core.learning import MODELLED_ELSEWHERE, MODELLED_THROUGHPUT, low_high
from training.core.throughput import FITTED, Chip, Fitted, Workload, pace, scaling

CATALOGUE = importlib.import_module("training.migrations.0012_more_gpus").CHIPS
LISTED = {"A100-80GB": 1800, "A100-40GB": 1500, "H100": 2200, "V100-32GB": 1200}
"""The specification's throughputs."""
OTHERS = {"RTX-A6000": (47.4, 154.8, 38.7, 768, "pcie")}
"""Cards that are not in the catalogue; NVIDIA's data sheet."""
FUSED = re.compile(r"foak|unsloth|torch\.compile|chunked CE|triton|liger|\+compile", re.IGNORECASE)
SEARCHED = ("efficiency", "traffic", "fused")
"""Figures that are fitted. The rows hardly tell the others: the error is the same from 0.2 to 1 of ``unpacking``, and
none of them is so small that launching kernels is its time."""
LIMITS = {"efficiency": (0.3, 0.95), "traffic": (2.0, 80.0), "fused": (0.1, 1.0)}
HUBER = 0.25
"""Logarithmic error beyond which a row pulls no harder."""


@dataclass(frozen=True)
class Speed:
    """One published throughput."""

    row: Row
    work: Workload
    chip: Chip
    tokens: float
    """Of a micro-batch."""
    actual: float
    """Tokens a second on one GPU."""

    def predicted(self, fitted: Fitted = FITTED) -> float:
        """By the architecture."""
        return self.tokens / pace(self.work, self.chip, fitted).seconds(self.tokens) * scaling(self.row.gpu_count)

    def error(self, fitted: Fitted = FITTED) -> float:
        """Relative: 0.1 where 10 % more was predicted than measured."""
        return self.predicted(fitted) / self.actual - 1

    @property
    def listed(self) -> float | None:
        """By the list, of the cards that it had."""
        found = LISTED.get(self.chip.name)
        return list_throughput(found, self.work.model.parameters) if found else None

    def is_covered(self, fitted: Fitted = FITTED) -> bool:
        """It lies within the 80 % range of a run for which nothing was measured."""
        line = pace(self.work, self.chip, fitted)
        is_sure = self.chip.is_fitted and not line.is_launching(self.tokens)
        spread = (MODELLED_THROUGHPUT if is_sure else MODELLED_ELSEWHERE).spread
        low, high = low_high(self.predicted(fitted), spread)
        return low <= self.actual <= high


def chip(name: str) -> Chip:
    """A row's card. Raises LeftOut."""
    spelled = re.sub(r"RTX[ -]?A?(?=\d)", lambda found: found[0].replace(" ", "") + " ", name)
    spelled = "A100-80GB" if re.fullmatch(r"A100(-SXM4?)?", spelled) else spelled
    spelled = "RTX-A6000" if re.match(r"(RTX[ -]?)?A6000", name) else spelled
    for known, (_, peak, peak_fp32, bandwidth, _) in (CATALOGUE | OTHERS).items():
        if is_that_gpu(known, spelled):
            return Chip(name=known, peak=peak * 1e12, peak_fp32=peak_fp32 * 1e12, bandwidth=bandwidth * 1e9)
    raise LeftOut(f"what {name or 'its card'} can do is not written down")


def speed(row: Row) -> Speed:
    """A row as a throughput to be predicted.

    None of these programs drops out by default. Raises LeftOut.
    """
    if row.tokens_per_second is None:
        raise LeftOut("no throughput")
    if "SUSPECT" in row.note:
        raise LeftOut("above what the card can do")
    found = training(row)
    mean = re.search(r"mean (\d+) tok", row.note)
    length = int(mean[1]) if mean else found.setup.sequence_length
    fused = found.recipe.fused or bool(FUSED.search(row.note))
    work = Workload(
        model=found.model,
        sequences=found.setup.sequences,
        sequence_length=length,
        rank=found.setup.rank,
        dropout=False,
        quantization=found.setup.quantization,
        precision="bf16",
        checkpointing=found.setup.checkpointing,
        recipe=replace(found.recipe, fused=fused),
    )
    tokens = found.setup.sequences * length
    return Speed(row=row, work=work, chip=chip(row.gpu), tokens=tokens, actual=row.tokens_per_second)


def published(rows: Iterable[Row]) -> tuple[list[Speed], dict[str, str]]:
    """The usable throughputs, and of the other LoRA rows (by id) why they are left out."""
    speeds: list[Speed] = []
    left_out: dict[str, str] = {}
    for row in rows:
        try:
            speeds.append(speed(row))
        except LeftOut as reason:
            left_out[row.id] = str(reason)
    return speeds, left_out


def fit(speeds: list[Speed], start: Fitted = FITTED) -> Fitted:
    """The figures with the least loss, by a pattern search (Hooke and Jeeves, 1961) on their logarithms."""
    best, least, step = start, _loss(speeds, start), 0.3
    while step > 0.003:
        before = least
        for name in SEARCHED:
            for factor in (1 + step, 1 / (1 + step)):
                low, high = LIMITS[name]
                moved = replace(best, **{name: min(high, max(low, getattr(best, name) * factor))})
                loss = _loss(speeds, moved)
                if loss < least - 1e-9:
                    best, least = moved, loss
        step = step if least < before else step / 2
    return best


def held_out(speeds: list[Speed], known: list[Speed] | None = None) -> Iterator[tuple[Speed, Fitted]]:
    """Each with the figures that were fitted to the other sources alone.

    Args:
        speeds: to be predicted.
        known: to be fitted to; by default the same.
    """
    for program in dict.fromkeys(one.row.program for one in speeds):
        fitted = fit([one for one in known or speeds if one.row.program != program])
        yield from ((one, fitted) for one in speeds if one.row.program == program)


def _loss(speeds: list[Speed], fitted: Fitted) -> float:
    """Huber's, of logarithmic errors; a source weighs as the root of its number of rows, since they are alike."""
    programs = [one.row.program for one in speeds]
    weights = {program: programs.count(program) ** -0.5 for program in set(programs)}
    return math.fsum(weights[one.row.program] * _huber(math.log(one.predicted(fitted) / one.actual)) for one in speeds)


def _huber(error: float) -> float:
    size = abs(error)
    return size**2 / 2 if size <= HUBER else HUBER * (size - HUBER / 2)


def summary(errors: Iterable[float], covered: Iterable[bool]) -> str:
    """Median error and coverage of the 80 % range."""
    sizes = [abs(error) for error in errors]
    if not sizes:
        return "none"
    share = sum(covered) / len(sizes)
    return f"median {statistics.median(sizes):.1%} of {len(sizes)}, {share:.0%} within the 80 % range"
