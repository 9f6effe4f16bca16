"""An estimate with its range: the list's figures, moved by what like runs measured."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from training.core import calibration
from training.core.calibration import Belief, Observation, learn, low_high, total_spread
from training.core.estimate import (
    LIST_OVERHEAD,
    STORAGE_COST,
    DatasetFigures,
    Estimate,
    Hardware,
    Overhead,
    estimate,
)
from training.core.likeness import Conditions, likeness, log_speed

LIST = "list"
MEASURED = "measured"
CPU_FLOPS = 1e11
"""What a "list" would say of a CPU, in floating-point operations a second: only an anchor, measured runs decide."""
MOST_ALIKE = 20
"""So many runs, the most alike, are learned from: more add little, and take time that the page does not have."""
LEAST_SECONDS = 0.1
"""Overheads measured as nothing count as this much: their logarithm is taken."""


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """What a finished run measured. ``throughput`` and ``memory`` are measured / expected."""

    conditions: Conditions
    gpu_count: int
    throughput: float
    start: float
    """Seconds."""
    validation: float | None
    """Seconds for each epoch; ``None`` where it was not measured (a probe)."""
    save: float | None
    """Seconds."""
    memory: float | None


@dataclass(frozen=True, kw_only=True)
class Beliefs:
    """What to expect of runs on one kind of hardware under one set of conditions, whatever their number of GPUs."""

    conditions: Conditions
    throughput: Belief
    start: Belief
    validation: Belief
    save: Belief
    memory: Belief

    @property
    def runs(self) -> int:
        return self.throughput.runs

    def speed_factor(self, gpu_count: int) -> float:
        """On the list's throughput of so many GPUs. Without measured runs exactly 1."""
        if not self.runs:
            return 1.0
        return math.exp(self.throughput.center + self.throughput.trust * log_speed(self.conditions, gpu_count))

    def overhead(self) -> Overhead:
        """Seconds; without measured runs exactly the list's."""
        return Overhead(
            start=_scaled(LIST_OVERHEAD.start, self.start),
            validation=_scaled(LIST_OVERHEAD.validation, self.validation),
            save=_scaled(LIST_OVERHEAD.save, self.save),
        )


@dataclass(frozen=True, kw_only=True)
class Range:
    """10th and 90th percentile."""

    low_hours: float
    high_hours: float
    low_cost: float
    high_cost: float


@dataclass(frozen=True, kw_only=True)
class Forecast:
    estimate: Estimate
    range: Range
    overhead_seconds: float
    basis: str
    """``list`` or ``measured``."""
    runs: int
    """How many measured runs it is from."""


def believe(conditions: Conditions, past: Sequence[PastRun]) -> Beliefs:
    """What the past runs on the same hardware say of a run under these conditions."""
    alike = sorted(
        ((run, likeness(conditions, run.conditions)) for run in past), key=lambda pair: pair[1], reverse=True
    )[:MOST_ALIKE]

    def about(pairs: Iterable[tuple[float, float | None, float]], prior: calibration.Prior) -> Belief:
        return learn(
            [
                Observation(log_ratio=math.log(max(value, LEAST_SECONDS) / expected), likeness=weight)
                for expected, value, weight in pairs
                if value is not None
            ],
            prior,
        )

    return Beliefs(
        conditions=conditions,
        throughput=learn(
            [
                Observation(
                    log_ratio=math.log(run.throughput) - log_speed(run.conditions, run.gpu_count), likeness=weight
                )
                for run, weight in alike
            ],
            calibration.THROUGHPUT,
        ),
        start=about(((LIST_OVERHEAD.start, run.start, weight) for run, weight in alike), calibration.OVERHEAD),
        validation=about(
            ((LIST_OVERHEAD.validation, run.validation, weight) for run, weight in alike), calibration.OVERHEAD
        ),
        save=about(((LIST_OVERHEAD.save, run.save, weight) for run, weight in alike), calibration.OVERHEAD),
        memory=learn(
            [Observation(log_ratio=math.log(run.memory), likeness=weight) for run, weight in alike if run.memory],
            calibration.MEMORY,
        ),
    )


def forecast(
    dataset: DatasetFigures, hardware: Hardware, *, batch_size: int, epochs: int, beliefs: Beliefs
) -> Forecast:
    """The estimate and its range. ``hardware`` has list figures, which ``beliefs`` correct."""
    factor = beliefs.speed_factor(hardware.count)
    learned = hardware if factor == 1 else replace(hardware, tokens_per_second=hardware.tokens_per_second * factor)
    overhead = beliefs.overhead()
    price = estimate(dataset, learned, batch_size=batch_size, epochs=epochs, overhead=overhead)
    overhead_seconds = overhead.start + epochs * overhead.validation + overhead.save
    spread = total_spread(
        [
            (price.duration_hours * 3600 - overhead_seconds, beliefs.throughput.spread),
            (overhead.start, beliefs.start.spread),
            (epochs * overhead.validation, beliefs.validation.spread),
            (overhead.save, beliefs.save.spread),
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
        overhead_seconds=overhead_seconds,
        basis=MEASURED if beliefs.runs else LIST,
        runs=beliefs.runs,
    )


def cpu_throughput(parameters: int) -> float:
    """Tokens a second to start from on a CPU: LoRA costs about 4 floating-point operations a parameter and token."""
    return CPU_FLOPS / (4 * parameters)


def _scaled(seconds: float, belief: Belief) -> float:
    return seconds * belief.factor if belief.runs else seconds
