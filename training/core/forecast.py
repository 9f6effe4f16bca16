"""An estimate with its range, on one of three bases: the list, the model's architecture, what like runs measured."""

import math
from dataclasses import dataclass

from training.core.beliefs import Beliefs, OverheadBeliefs
from training.core.estimate import LIST_OVERHEAD, STORAGE_COST, DatasetFigures, Estimate, Hardware, Overhead, estimate
from training.core.learning import (
    LISTED_OVERHEAD,
    LISTED_THROUGHPUT,
    MODELLED_OVERHEAD,
    Belief,
    Prior,
    low_high,
    total_spread,
)
from training.core.likeness import LORA_FLOPS

LIST = "list"
ARCHITECTURE = "architecture"
MEASURED = "measured"
BASES = (LIST, ARCHITECTURE, MEASURED)
"""What an estimate can rest on, the best last."""
BEST = "best"
"""The best that is known."""
CPU_FLOPS = 1e11
"""Floating-point operations a second that stand in for a CPU's list figure; measured runs correct it."""


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What is expected of a run on some hardware, and how far it may be off (log spreads of a single run)."""

    basis: str
    hardware: Hardware
    overhead: Overhead
    throughput: float
    """Spread."""
    start: float
    """Spread, as those that follow."""
    validation: float
    save: float
    runs: int = 0
    runs_here: int = 0


@dataclass(frozen=True, kw_only=True)
class Range:
    """10th and 90th percentile of a single run's hours and US dollars."""

    low_hours: float
    high_hours: float
    low_cost: float
    high_cost: float


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """An estimate, its range and what it rests on."""

    estimate: Estimate
    range: Range
    overhead: Overhead
    overhead_seconds: float
    """Seconds of the whole run in which it does not train."""
    basis: str
    """One of BASES."""
    runs: int
    """How many measured runs it is from."""
    runs_here: int
    """Of these, how many were on the same kind of GPU."""

    @property
    def training_seconds(self) -> float:
        """Seconds of the whole run in which it trains."""
        return max(0.0, self.estimate.duration_hours * 3600 - self.overhead_seconds)


def listed(hardware: Hardware) -> Expectation:
    """The list's figures, as they are."""
    return _expectation(LIST, hardware, LIST_OVERHEAD, LISTED_THROUGHPUT, LISTED_OVERHEAD)


def modelled(hardware: Hardware, *, overhead: Overhead, throughput: Prior) -> Expectation:
    """What the model's architecture says.

    Args:
        hardware: with that throughput in place of the list's.
        overhead: from sizes.
        throughput: how far it may be off.
    """
    return _expectation(ARCHITECTURE, hardware, overhead, throughput, MODELLED_OVERHEAD)


def learned(expected: Expectation, beliefs: Beliefs, around: OverheadBeliefs, *, unlisted: float = 0.0) -> Expectation:
    """What is expected, corrected by what was measured.

    Args:
        expected: without measurements.
        beliefs: of throughput.
        around: of the rest.
        unlisted: natural logarithm of the speed / the list's, as far as the run's conditions alone explain it; 0 where
            the model's architecture has that in it.
    """
    hardware, overhead = expected.hardware, expected.overhead
    factor = math.exp(beliefs.throughput.center + beliefs.throughput.trust * unlisted)
    return Expectation(
        basis=MEASURED,
        hardware=Hardware(
            price_per_hour=hardware.price_per_hour,
            tokens_per_second=hardware.tokens_per_second * factor,
            count=hardware.count,
        ),
        overhead=Overhead(
            start=_scaled(overhead.start, around.start),
            validation=_scaled(overhead.validation, around.validation),
            save=_scaled(overhead.save, around.save),
        ),
        throughput=beliefs.throughput.spread,
        start=around.start.spread,
        validation=around.validation.spread,
        save=around.save.spread,
        runs=beliefs.throughput.runs,
        runs_here=beliefs.runs_here,
    )


def forecast(dataset: DatasetFigures, expected: Expectation, *, batch_size: int, epochs: int) -> Forecast:
    """The specification's estimate with these expectations, and its range.

    Args:
        dataset: how much there is to train on.
        expected: of the run.
        batch_size: training pairs a step, over all GPUs.
        epochs: passes over the data set.
    """
    overhead = expected.overhead
    price = estimate(dataset, expected.hardware, batch_size=batch_size, epochs=epochs, overhead=overhead)
    around = overhead.seconds(epochs)
    spread = total_spread(
        [
            (price.duration_hours * 3600 - around, expected.throughput),
            (overhead.start, expected.start),
            (epochs * overhead.validation, expected.validation),
            (overhead.save, expected.save),
        ]
    )
    low, high = low_high(price.duration_hours, spread)
    return Forecast(
        estimate=price,
        range=Range(
            low_hours=low,
            high_hours=high,
            low_cost=price.hourly_rate * low + STORAGE_COST,
            high_cost=price.hourly_rate * high + STORAGE_COST,
        ),
        overhead=overhead,
        overhead_seconds=around,
        basis=expected.basis,
        runs=expected.runs,
        runs_here=expected.runs_here,
    )


def cpu_throughput(parameters: int) -> float:
    """Tokens a second that stand in for a list figure of a CPU, for a model of so many parameters."""
    return CPU_FLOPS / (LORA_FLOPS * parameters)


def _expectation(basis: str, hardware: Hardware, overhead: Overhead, throughput: Prior, around: Prior) -> Expectation:
    return Expectation(
        basis=basis,
        hardware=hardware,
        overhead=overhead,
        throughput=throughput.spread,
        start=around.spread,
        validation=around.spread,
        save=around.spread,
    )


def _scaled(seconds: float, belief: Belief) -> float:
    return seconds * belief.factor if belief.runs else seconds
