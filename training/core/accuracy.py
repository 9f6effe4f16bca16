"""How good the estimates have been: errors, and how often the truth lay within the range that was given."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One finished run: what was predicted and what was measured. ``None`` where a figure does not apply."""

    predicted_hours: float
    hours: float
    low_hours: float
    high_hours: float
    predicted_throughput: float
    throughput: float
    predicted_overhead: float
    overhead: float
    predicted_cost: float | None
    cost: float | None
    predicted_peak: float | None
    peak: float | None

    @property
    def is_covered(self) -> bool:
        return self.low_hours <= self.hours <= self.high_hours


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Of several runs: median relative errors (0.1 is 10 %), and the share within the 10th-90th percentile range."""

    runs: int
    hours: float
    throughput: float
    overhead: float
    cost: float | None
    peak: float | None
    coverage: float


def relative_error(predicted: float, actual: float) -> float:
    """Signed; 0.1 when 10 % more was predicted than came. Nothing predicted for nothing is no error."""
    if actual == 0:
        return 0.0 if predicted == 0 else 1.0
    return predicted / actual - 1


def accuracy(runs: Sequence[Comparison]) -> Accuracy | None:
    """``None`` without runs."""
    if not runs:
        return None
    return Accuracy(
        runs=len(runs),
        hours=_median((one.predicted_hours, one.hours) for one in runs) or 0.0,
        throughput=_median((one.predicted_throughput, one.throughput) for one in runs) or 0.0,
        overhead=_median((one.predicted_overhead, one.overhead) for one in runs) or 0.0,
        cost=_median((one.predicted_cost, one.cost) for one in runs),
        peak=_median((one.predicted_peak, one.peak) for one in runs),
        coverage=sum(one.is_covered for one in runs) / len(runs),
    )


def _median(pairs: Iterable[tuple[float | None, float | None]]) -> float | None:
    errors = [
        abs(relative_error(predicted, actual))
        for predicted, actual in pairs
        if predicted is not None and actual is not None
    ]
    return statistics.median(errors) if errors else None
