"""By how much one model's figures differ from another's on the same rows, with a 95 % interval. Pure.

Paired bootstrap (Efron and Tibshirani 1993, chapters 8 and 13; for language models Koehn 2004,
aclanthology.org/W04-3250): rows are drawn with replacement, each with the figures of both models, and the interval
holds the middle 95 % of the differences.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
AT_ONCE = 10**6
"""Rows drawn at a time, to bound memory."""
FEWEST_ROWS = 6
"""Of fewer rows, all would go one way by chance alone more than once in 20 times (2 / 2^5), so nothing can be told."""


@dataclass(frozen=True)
class Interval:
    """The 2.5th and the 97.5th percentile."""

    low: float
    high: float

    @property
    def holds_zero(self) -> bool:
        """No difference is among what the data are in keeping with."""
        return self.low <= 0 <= self.high


def mean_difference(base: Sequence[float], other: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """The mean of ``other - base`` over the rows, each with its weight; without weights, all count the same."""
    return float(np.average(np.subtract(other, base), weights=weights))


def paired_interval(
    base: Sequence[float],
    other: Sequence[float],
    weights: Sequence[float] | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """The interval of ``mean_difference``, the same for the same seed; ``None`` for fewer than FEWEST_ROWS rows.

    Args:
        base: one model's figures, a row each.
        other: the other model's on the same rows.
        weights: of the rows, above 0; a mean loss per token needs each row's number of tokens.
        seed: of the draws.
        resamples: how often so many rows are drawn as there are.
    """
    count = len(base)
    if count < FEWEST_ROWS:
        return None
    differences = np.subtract(other, base)
    heavy = np.ones(count) if weights is None else np.asarray(weights, float)
    generator = np.random.default_rng(seed)
    means: list[float] = []
    while len(means) < resamples:
        size = min(max(1, AT_ONCE // count), resamples - len(means))
        drawn = generator.integers(count, size=(size, count))
        means += ((differences * heavy)[drawn].sum(axis=1) / heavy[drawn].sum(axis=1)).tolist()
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(low), float(high))
