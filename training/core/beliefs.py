"""What past runs say of the next one: how far it will be off what is expected of it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from training.core.learning import MEMORY, Belief, Prior, learn
from training.core.likeness import Conditions, likeness

MOST_ALIKE = 20
"""How many runs, the most alike, are learned from: more change little and take time on every page."""
ANY_RUN = 0.15
"""Likeness of the most different runs, where what is expected has model and card in it: what is common to all runs of
a trainer, a data centre or a kind of data is left."""
OTHER_HARDWARE = 0.3
"""What the likeness is multiplied by where two runs are not on the same kind of card."""
LEAST_RATIO = 1e-3
"""Smaller ones count as this much, since their logarithm is taken."""
FIGURES = ("throughput", "start", "validation", "save", "memory")
"""What a run measures."""


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """What a finished run measured, each figure as measured / expected; ``None`` where either is not known."""

    hardware: str
    conditions: Conditions
    throughput: float | None
    start: float | None
    validation: float | None
    save: float | None
    memory: float | None

    @cached_property
    def logs(self) -> Mapping[str, float]:
        """The natural logarithm of each figure that is known, by its name."""
        figures = {name: getattr(self, name) for name in FIGURES}
        return {name: math.log(max(ratio, LEAST_RATIO)) for name, ratio in figures.items() if ratio is not None}


Weighted = Sequence[tuple[PastRun, float]]
"""Runs with how alike they are to the one in question (0 to 1), the most alike first."""


@dataclass(frozen=True, kw_only=True)
class Beliefs:
    """What to expect of runs on one kind of hardware, whatever their number of GPUs, as measured / expected."""

    throughput: Belief
    memory: Belief
    runs_here: int = 0
    """Of the runs that the throughput was learned from, those on the same kind of hardware."""


@dataclass(frozen=True, kw_only=True)
class OverheadBeliefs:
    """The same of the time around the training, which depends on hosts and disks rather than on cards."""

    start: Belief
    validation: Belief
    save: Belief


def weigh(conditions: Conditions, past: Iterable[PastRun]) -> Weighted:
    """Past runs by their likeness to a run under ``conditions``, hardware left out."""
    weighted = [(run, likeness(conditions, run.conditions)) for run in past]
    return sorted(weighted, key=itemgetter(1), reverse=True)


def by_hardware(weighted: Weighted) -> Mapping[str, Weighted]:
    """The same in the same order, by the hardware that they were on."""
    found: dict[str, list[tuple[PastRun, float]]] = {}
    for pair in weighted:
        found.setdefault(pair[0].hardware, []).append(pair)
    return found


def anywhere(weighted: Weighted, hardware: str, here: Weighted | None = None) -> Weighted:
    """The most alike for a run on ``hardware``, of runs on any: where card and model are in what is expected.

    Args:
        weighted: as ``weigh`` gives them.
        hardware: of the run in question.
        here: those of them that were on it, where they have been looked for.
    """
    if here is None:
        here = by_hardware(weighted).get(hardware, ())
    elsewhere = [pair for pair in weighted[: 2 * MOST_ALIKE] if pair[0].hardware != hardware]
    candidates = [*here[:MOST_ALIKE], *elsewhere]
    found = [
        (run, ANY_RUN + (1 - ANY_RUN) * weight * (1 if run.hardware == hardware else OTHER_HARDWARE))
        for run, weight in candidates
    ]
    return sorted(found, key=itemgetter(1), reverse=True)[:MOST_ALIKE]


def believe(alike: Weighted, *, hardware: str, prior: Prior) -> Beliefs:
    """What the most alike runs say of a run on ``hardware``; without any, the priors.

    Args:
        alike: those that count for it.
        hardware: of the run in question.
        prior: of the throughput.
    """
    alike = alike[:MOST_ALIKE]
    throughput = learn(_observed("throughput", alike), prior)
    return Beliefs(
        throughput=throughput,
        memory=learn(_observed("memory", alike), MEMORY),
        runs_here=min(sum(run.hardware == hardware for run, _ in alike), throughput.runs),
    )


def believe_overhead(alike: Weighted, prior: Prior) -> OverheadBeliefs:
    """What the most alike runs say of starting, validating and saving."""
    alike = alike[:MOST_ALIKE]
    return OverheadBeliefs(
        start=learn(_observed("start", alike), prior),
        validation=learn(_observed("validation", alike), prior),
        save=learn(_observed("save", alike), prior),
    )


def _observed(figure: str, alike: Weighted) -> list[tuple[float, float]]:
    return [(run.logs[figure], weight) for run, weight in alike if figure in run.logs]
