"""Learning from finished runs: how far an expected figure is off, and how far the next run may be.

Everything is done on logarithms of (measured / expected), so that twice and half are equally far off. A belief starts
from a prior and moves to what was measured as like runs come in:

- the centre by the normal model with a known variance (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.5),
- the variance by the model with a scaled inverse chi-square prior (the same, section 2.6),
- both robust against outliers by Huber's weights (Huber, Robust Estimation of a Location Parameter, 1964),
- and a prior that like runs contradict gives way to them, as a heavy-tailed one would: its doubt is at least so large
  that what they say is within its 80 % range.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul
from typing import NamedTuple

TENTH_PERCENTILE = 1.2815515655446004
"""Standard deviations from the mean to the 10th and the 90th percentile of a normal distribution."""
HUBER = 1.5
"""Standard deviations beyond which a run pulls no harder."""
ROUNDS = 8
"""Most iterations of the reweighting."""
CLOSE_ENOUGH = 1e-4
"""Change of the logarithm at which the reweighting stops."""
VARIANCE_WEIGHT = 4.0
"""How many runs the stated run-to-run spread counts for."""
MAD_TO_DEVIATION = 1.4826
"""Standard deviation of a normal distribution / its median absolute deviation."""
NO_LIKENESS = 0.05
"""Runs less alike than this are left out."""


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What is expected before any run, as standard deviations of the logarithm (0.1 is about 10 %)."""

    doubt: float
    """How far the figure may be off."""
    noise: float
    """How far runs differ among themselves."""

    @cached_property
    def spread(self) -> float:
        """Of the next single run."""
        return math.hypot(self.doubt, self.noise)


LISTED_THROUGHPUT = Prior(doubt=0.5, noise=0.15)
"""Published LoRA runs use 0.25 to 0.45 of a GPU's peak, and ragged data cost up to three times as much."""
MODELLED_THROUGHPUT = Prior(doubt=0.16, noise=0.1)
"""From the architecture, on the cards that most published runs are from (docs/estimates.md)."""
MODELLED_ELSEWHERE = Prior(doubt=0.39, noise=0.1)
"""The same on other cards, and where the time is that of launching kernels."""
LISTED_OVERHEAD = Prior(doubt=1.0, noise=0.35)
"""The list's minutes for starting, validating and saving are generous for small models and tight for large ones."""
MODELLED_OVERHEAD = Prior(doubt=0.7, noise=0.35)
"""From sizes: disks and networks differ by several times."""
MEMORY = Prior(doubt=0.08, noise=0.03)
"""Published peaks are within 3 % of the model's at the median, within 15 % in nearly all cases (docs/estimates.md)."""


class Observation(NamedTuple):
    """One run's measurement of one quantity."""

    log_ratio: float
    """Natural logarithm of measured / expected."""
    likeness: float
    """How much the run is like the one in question (0 to 1); its weight."""


@dataclass(frozen=True, kw_only=True)
class Belief:
    """A factor on the expected figure, with its uncertainty."""

    center: float
    """Of the factor's natural logarithm."""
    spread: float
    """Standard deviation of the logarithm for the next single run."""
    runs: int
    """Runs that were taken into account."""
    trust: float = 0.0
    """How much of what was measured went into ``center``: 0 nothing, 1 all."""

    @cached_property
    def factor(self) -> float:
        """Measured / expected, at the centre."""
        return math.exp(self.center)


def learn(observations: Iterable[tuple[float, float]], prior: Prior) -> Belief:
    """What to expect of the next run: the posterior of the logarithm's mean, and the spread around it.

    Args:
        observations: as Observation has them; those below NO_LIKENESS and those that are not finite are left out.
        prior: what is believed without them: factor 1, with the spread of doubt and noise together.
    """
    used = [pair for pair in observations if pair[1] >= NO_LIKENESS and math.isfinite(pair[0])]
    if not used:
        return Belief(center=0.0, spread=prior.spread, runs=0)
    ratios, weights = [ratio for ratio, _ in used], [weight for _, weight in used]
    middle, noise = _robust(ratios, weights, prior.noise)
    precision = sum(weights) / noise**2
    doubt = max(prior.doubt, abs(middle) * max(weights) / TENTH_PERCENTILE)
    uncertainty = 1 / (precision + 1 / doubt**2)
    trust = precision * uncertainty
    return Belief(center=trust * middle, spread=math.sqrt(noise**2 + uncertainty), runs=len(used), trust=trust)


def _robust(ratios: Sequence[float], weights: Sequence[float], stated_noise: float) -> tuple[float, float]:
    """Location by Huber's weights around the median; the noise from residuals cut off at twice their scale."""
    total = sum(weights)
    middle = _median(ratios, weights)
    deviation = MAD_TO_DEVIATION * _median([abs(ratio - middle) for ratio in ratios], weights)
    noise = _blend(deviation**2, total, stated_noise)
    middle = _location(ratios, weights, start=middle, reach=HUBER * noise)
    squares = [min(abs(ratio - middle), 2 * noise) ** 2 for ratio in ratios]
    return middle, _blend(sum(map(mul, weights, squares)) / total, total, stated_noise)


def _location(ratios: Sequence[float], weights: Sequence[float], *, start: float, reach: float) -> float:
    """Huber's estimate of location by iterated reweighting; a run further off than ``reach`` pulls no harder."""
    middle = start
    for _ in range(ROUNDS):
        pull = [
            weight if (away := abs(ratio - middle)) <= reach else weight * reach / away
            for ratio, weight in zip(ratios, weights, strict=True)
        ]
        before, middle = middle, sum(map(mul, pull, ratios)) / sum(pull)
        if abs(middle - before) < CLOSE_ENOUGH:
            break
    return middle


def _blend(variance: float, weight: float, stated_noise: float) -> float:
    """A standard deviation, between the stated one and the measured variance of ``weight`` runs."""
    return math.sqrt((VARIANCE_WEIGHT * stated_noise**2 + weight * variance) / (VARIANCE_WEIGHT + weight))


def _median(values: Sequence[float], weights: Sequence[float]) -> float:
    """The weighted median."""
    half, passed = sum(weights) / 2, 0.0
    for value, weight in sorted(zip(values, weights, strict=True)):
        passed += weight
        if passed >= half:
            return value
    return max(values)


def total_spread(parts: Iterable[tuple[float, float]]) -> float:
    """Log spread of a sum of independent parts, to first order (the delta method).

    Args:
        parts: (amount, standard deviation of its logarithm) of each. 0.0 where they add up to nothing.
    """
    amounts = [(amount, amount * spread) for amount, spread in parts]
    total = sum(amount for amount, _ in amounts)
    return math.sqrt(sum(deviation**2 for _, deviation in amounts)) / total if total > 0 else 0.0


def low_high(value: float, spread: float) -> tuple[float, float]:
    """The 10th and 90th percentile of a log-normal figure.

    Args:
        value: its median.
        spread: standard deviation of its natural logarithm.
    """
    factor = math.exp(TENTH_PERCENTILE * spread)
    return value / factor, value * factor
