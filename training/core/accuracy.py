"""How good past estimates were: relative errors, and how often the measured duration lay within the range given."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One finished run: predicted figures beside measured ones.

    Hours, tokens a second, seconds of overhead, US dollars and bytes of peak memory. ``None`` where a figure does not
    apply: cost on a device without a price, memory of a model whose dimensions are not known.
    """

    predicted_hours: float
    hours: float
    low_hours: float
    """10th percentile of the predicted range."""
    high_hours: float
    """90th percentile of the predicted range."""
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
        """The measured duration lies within the predicted range."""
        return self.low_hours <= self.hours <= self.high_hours


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Of several runs: the median absolute relative error of each figure (0.1 is 10 %)."""

    runs: int
    hours: float
    throughput: float
    overhead: float
    cost: float | None
    """``None`` where no run has a price."""
    peak: float | None
    """``None`` where no run's memory was predicted and measured."""
    coverage: float
    """Share of the runs (0 to 1) whose duration lay within the range; 0.8 is aimed at."""


def relative_error(predicted: float, actual: float) -> float:
    """Signed error of a prediction: 0.1 when 10 % more was predicted than measured.

    Where nothing was measured, 0.0 if nothing was predicted either, else 1.0.
    """
    if actual == 0:
        return 0.0 if predicted == 0 else 1.0
    return predicted / actual - 1


def accuracy(runs: Sequence[Comparison]) -> Accuracy | None:
    """Median errors and coverage of ``runs``; ``None`` without runs."""
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
    """Median absolute relative error of (predicted, actual), of the pairs that have both."""
    errors = [
        abs(relative_error(predicted, actual))
        for predicted, actual in pairs
        if predicted is not None and actual is not None
    ]
    return statistics.median(errors) if errors else None
