"""How good past estimates were: errors of each figure, and how often the measured duration lay within its range."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FEWEST = 3
"""A median of fewer runs says nothing of the next, and is not given."""


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

    @property
    def factor(self) -> float:
        """Predicted by measured duration: 2.0 where it was said to take twice as long as it did."""
        return 1 + relative_error(self.predicted_hours, self.hours)

    @property
    def overhead_error(self) -> float:
        """Seconds of overhead by which the prediction was wrong, as a share of the whole run (0.1 is 10 %).

        Not of the overhead itself: where that took 3 seconds and 30 had been said, 900 % would be said of what nobody
        notices in an hour's run.
        """
        seconds = self.hours * 3600
        return abs(relative_error(seconds + self.predicted_overhead - self.overhead, seconds))


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Of at least ``FEWEST`` runs: the median absolute relative error of each figure (0.1 is 10 %)."""

    hours: float
    throughput: float
    overhead: float
    """In relation to the whole run."""
    cost: float | None
    """``None`` where fewer than ``FEWEST`` of the runs have a price."""
    peak: float | None
    """``None`` where memory was predicted and measured for fewer than ``FEWEST`` of the runs."""
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
    """Median errors and coverage of ``runs``; ``None`` of fewer than ``FEWEST``."""
    if len(runs) < FEWEST:
        return None
    return Accuracy(
        hours=statistics.median(abs(relative_error(one.predicted_hours, one.hours)) for one in runs),
        throughput=statistics.median(abs(relative_error(one.predicted_throughput, one.throughput)) for one in runs),
        overhead=statistics.median(one.overhead_error for one in runs),
        cost=median_error((one.predicted_cost, one.cost) for one in runs),
        peak=median_error((one.predicted_peak, one.peak) for one in runs),
        coverage=sum(one.is_covered for one in runs) / len(runs),
    )


def median_error(pairs: Iterable[tuple[float | None, float | None]]) -> float | None:
    """Median absolute relative error of (predicted, actual), of the pairs that have both; ``None`` of too few."""
    errors = [
        abs(relative_error(predicted, actual))
        for predicted, actual in pairs
        if predicted is not None and actual is not None
    ]
    return statistics.median(errors) if len(errors) >= FEWEST else None
