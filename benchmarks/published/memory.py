"""Published peaks of memory against what the memory model predicts: fitted, and with each source left out of the fit.

``python -m benchmarks.published.memory [rows.tsv]`` prints the tables of docs/estimates.md.
"""

import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from benchmarks.published.rows import DATA, Row, asked_for, read
from benchmarks.published.setups import LeftOut, Training, training
from training.core.memory import CONTEXT_BYTES, FRAGMENTATION, GIB, Memory, predict

GB = 1e9
ALLOCATED = "allocated"
"""The figure is what PyTorch allocated."""
PEAK = "peak"
"""The figure is what ``nvidia-smi`` said."""


@dataclass(frozen=True, kw_only=True)
class Constants:
    """What is fitted to these rows."""

    fragmentation: float = FRAGMENTATION
    context: float = CONTEXT_BYTES

    def peak(self, memory: Memory) -> float:
        """Bytes of the card, were these the memory model's."""
        return memory.allocated + self.fragmentation * (memory.fragmentation / FRAGMENTATION) + self.context


AS_IT_IS = Constants()
CANDIDATES = [
    Constants(fragmentation=fragmentation / 100, context=context / 20 * GIB)
    for fragmentation, context in product(range(0, 61, 2), range(4, 21))
]
"""A context with its libraries is at most 1 GiB; what more the rows would bear is other programs' copies in fp32."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One published measurement; ``actual`` in GB or GiB as published, ``None`` where it ran out of memory."""

    row: Row
    training: Training
    figure: str
    unit: float
    actual: float | None

    @property
    def memory(self) -> Memory:
        """As the memory model has it."""
        return predict(self.training.model, self.training.setup, self.training.recipe)

    @property
    def method(self) -> str:
        """The method, and whether it checkpointed."""
        return f"{self.row.method}, {'' if self.training.setup.checkpointing else 'no '}checkpointing"

    @property
    def predicted(self) -> float:
        """In the unit of ``actual``."""
        return self.predict(AS_IT_IS)

    @property
    def fits(self) -> bool:
        """On the card it ran on; so if nobody says what that holds."""
        return self.row.capacity is None or self.memory.peak <= self.row.capacity * GIB

    def predict(self, constants: Constants) -> float:
        """In the unit of ``actual``, by other constants."""
        memory = self.memory
        return (constants.peak(memory) if self.figure == PEAK else memory.allocated) / self.unit

    def error(self, constants: Constants = AS_IT_IS) -> float:
        """Predicted / measured - 1."""
        return self.predict(constants) / self.actual - 1 if self.actual else 0.0


def usable(row: Row) -> list[Run]:
    """The row's measurements: one, or two where both PyTorch's and the card's figure are known.

    Raises:
        LeftOut: it has none, or none of a run as this product's.
    """
    if row.peak is None and not row.ran_out:
        raise LeftOut("no memory figure")
    if row.is_sharded:
        raise LeftOut("sharded over several GPUs (FSDP, ZeRO); here every GPU has the whole model")
    if "Unsloth" in row.note:
        raise LeftOut("Unsloth's own kernels, with checkpoints moved off the GPU")
    if "baseline-peft-bnb" in row.note:
        raise LeftOut("PEFT's 16-bit to fp32 upcast of everything not quantized, which the trainer does not do")
    found = training(row)
    allocated = re.search(r"torch peak alloc ([\d.]+) GiB", row.note)
    is_card = row.program in ("llama-factory", "h2o", "fms")
    runs = [Run(row=row, training=found, figure=PEAK if is_card else ALLOCATED,
                unit=GB if row.program == "litgpt" else GIB, actual=row.peak)]  # fmt: skip
    if allocated:
        runs.insert(0, Run(row=row, training=found, figure=ALLOCATED, unit=GIB, actual=float(allocated[1])))
    return runs


def published(rows: Iterable[Row]) -> tuple[list[Run], dict[str, str]]:
    """The usable measurements, and of the other LoRA rows with a memory figure (by id) why they are left out."""
    runs: list[Run] = []
    left_out: dict[str, str] = {}
    for row in rows:
        try:
            runs += usable(row)
        except LeftOut as reason:
            left_out[row.id] = str(reason)
    return runs, left_out


def fit(runs: Iterable[Run]) -> Constants:
    """The constants with the least sum of errors; those of the memory model where no run tells."""
    telling = [(run.memory, run.actual * run.unit) for run in runs if run.figure == PEAK and run.actual]
    if not telling:
        return AS_IT_IS
    return min(CANDIDATES, key=lambda one: sum(abs(one.peak(memory) / actual - 1) for memory, actual in telling))


def held_out(runs: Iterable[Run]) -> Iterator[tuple[Run, float]]:
    """Each measured run with its error by constants that were fitted to the other sources alone."""
    measured = [run for run in runs if run.actual is not None]
    for program in dict.fromkeys(run.row.program for run in measured):
        constants = fit(run for run in measured if run.row.program != program)
        yield from ((run, run.error(constants)) for run in measured if run.row.program == program)


def summary(errors: Iterable[float]) -> str:
    """Median and share within 15 %."""
    sizes = [abs(error) for error in errors]
    if not sizes:
        return "none"
    within = sum(size <= 0.15 for size in sizes) / len(sizes)
    return f"median {statistics.median(sizes):.1%}, {within:.0%} of {len(sizes)} within 15 %"


def main() -> None:
    runs, left_out = published(read(asked_for()))
    measured = [run for run in runs if run.actual is not None]
    apart = list(held_out(runs))
    print(f"fitted to all of {asked_for().name}: {fit(read_runs())}; in use: {AS_IT_IS}\n")
    print("| method | fitted | held out |\n|---|---|---|")
    for method in [*sorted({run.method for run in measured}), ""]:
        fitted = [run.error() for run in measured if method in run.method]
        others = [error for run, error in apart if method in run.method]
        print(f"| {method or 'all'} | {summary(fitted)} | {summary(others)} |")
    print(
        "\n| run | model | method | tokens | measured | predicted | error | held out |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    errors = {id(run): error for run, error in apart}
    for run in runs:
        print(_line(run, errors.get(id(run))))
    print("\nLeft out:")
    for name, reason in left_out.items():
        if reason not in ("not LoRA", "no memory figure"):
            print(f"- {name}: {reason}")


def read_runs() -> list[Run]:
    """Those of DATA, which the constants are fitted to."""
    return published(read(DATA))[0]


def _line(run: Run, held_out_error: float | None) -> str:
    setup, unit = run.training.setup, "GB" if run.unit == GB else "GiB"
    name = f"{run.row.id} ({'nvidia-smi' if run.figure == PEAK else 'PyTorch'})"
    start = f"| {name} | {run.row.model} | {run.method} | {setup.sequences} × {setup.sequence_length} |"
    if run.actual is None:
        verdict = "fits" if run.fits else "does not fit"
        return f"{start} out of memory on {run.row.gpu} | {run.memory.peak / GIB:.1f} GiB: {verdict} | | |"
    return f"{start} {run.actual:.1f} {unit} | {run.predicted:.1f} | {run.error():+.0%} | {held_out_error or 0:+.0%} |"


if __name__ == "__main__":
    main()
