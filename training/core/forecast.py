"""An estimate with its range: the list's figures, moved by what like runs measured."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from training.core.estimate import LIST_OVERHEAD, STORAGE_COST, DatasetFigures, Estimate, Hardware, Overhead, estimate
from training.core.learning import MEMORY, OVERHEAD, THROUGHPUT, Belief, Observation, learn, low_high, total_spread
from training.core.likeness import LORA_FLOPS, Conditions, likeness, log_speed

LIST = "list"
MEASURED = "measured"
CPU_FLOPS = 1e11
"""Floating-point operations a second that stand in for a CPU's list figure; measured runs correct it."""
MOST_ALIKE = 20
"""How many runs, the most alike, are learned from: more change little and take time on every page."""
LEAST_SECONDS = 0.1
"""Shorter overheads count as this much, since their logarithm is taken."""


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """What a finished run measured, on the hardware in question."""

    conditions: Conditions
    gpu_count: int
    throughput: float
    """Measured / list, above 0; the list's figure is that of all the run's GPUs."""
    start: float
    """Seconds."""
    validation: float | None
    """Seconds for each epoch; ``None`` where it was not measured (a probe)."""
    save: float | None
    """Seconds; ``None`` where it was not measured."""
    memory: float | None
    """Measured / predicted peak; ``None`` or 0 where it is not known."""


@dataclass(frozen=True, kw_only=True)
class Beliefs:
    """What to expect of runs on one kind of hardware under one set of conditions, whatever their number of GPUs."""

    conditions: Conditions
    throughput: Belief
    """Of measured / list throughput, apart from what the conditions explain (see ``likeness.log_speed``)."""
    start: Belief
    validation: Belief
    save: Belief
    memory: Belief
    """Of measured / predicted peak memory."""

    @property
    def runs(self) -> int:
        """Measured runs that the throughput was learned from."""
        return self.throughput.runs

    def speed_factor(self, gpu_count: int) -> float:
        """Expected / list throughput of ``gpu_count`` GPUs. Without measured runs exactly 1."""
        if not self.runs:
            return 1.0
        return math.exp(self.throughput.center + self.throughput.trust * log_speed(self.conditions, gpu_count))

    def overhead(self) -> Overhead:
        """Expected seconds; without measured runs exactly the list's."""
        return Overhead(
            start=_scaled(LIST_OVERHEAD.start, self.start),
            validation=_scaled(LIST_OVERHEAD.validation, self.validation),
            save=_scaled(LIST_OVERHEAD.save, self.save),
        )


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
    overhead_seconds: float
    """Seconds of the whole run in which it does not train."""
    basis: str
    """``list`` or ``measured``."""
    runs: int
    """How many measured runs it is from."""


def believe(conditions: Conditions, past: Sequence[PastRun]) -> Beliefs:
    """What past runs say of a run under ``conditions``, by the MOST_ALIKE of them.

    Args:
        conditions: of the run in question.
        past: runs on the same hardware, in any order; without any, the priors are returned.
    """
    weighted = ((run, likeness(conditions, run.conditions)) for run in past)
    alike = sorted(weighted, key=lambda pair: pair[1], reverse=True)[:MOST_ALIKE]
    speeds = [
        Observation(log_ratio=math.log(run.throughput) - log_speed(run.conditions, run.gpu_count), likeness=weight)
        for run, weight in alike
    ]
    peaks = [Observation(log_ratio=math.log(run.memory), likeness=weight) for run, weight in alike if run.memory]
    return Beliefs(
        conditions=conditions,
        throughput=learn(speeds, THROUGHPUT),
        start=_overhead(LIST_OVERHEAD.start, ((run.start, weight) for run, weight in alike)),
        validation=_overhead(LIST_OVERHEAD.validation, ((run.validation, weight) for run, weight in alike)),
        save=_overhead(LIST_OVERHEAD.save, ((run.save, weight) for run, weight in alike)),
        memory=learn(peaks, MEMORY),
    )


def forecast(
    dataset: DatasetFigures, hardware: Hardware, *, batch_size: int, epochs: int, beliefs: Beliefs
) -> Forecast:
    """The specification's estimate, corrected by ``beliefs``, and its range.

    Args:
        dataset: how much there is to train on.
        hardware: with the list's figures.
        batch_size: training pairs a step, over all GPUs.
        epochs: passes over the data set.
        beliefs: about this hardware, under the run's conditions.
    """
    factor = beliefs.speed_factor(hardware.count)
    learned = hardware if factor == 1 else replace(hardware, tokens_per_second=hardware.tokens_per_second * factor)
    overhead = beliefs.overhead()
    price = estimate(dataset, learned, batch_size=batch_size, epochs=epochs, overhead=overhead)
    low, high = low_high(price.duration_hours, _duration_spread(price, overhead, epochs, beliefs))
    return Forecast(
        estimate=price,
        range=Range(
            low_hours=low,
            high_hours=high,
            low_cost=price.hourly_rate * low + STORAGE_COST,
            high_cost=price.hourly_rate * high + STORAGE_COST,
        ),
        overhead_seconds=overhead.seconds(epochs),
        basis=MEASURED if beliefs.runs else LIST,
        runs=beliefs.runs,
    )


def cpu_throughput(parameters: int) -> float:
    """Tokens a second that stand in for a list figure of a CPU, for a model of so many parameters."""
    return CPU_FLOPS / (LORA_FLOPS * parameters)


def _overhead(listed: float, measured: Iterable[tuple[float | None, float]]) -> Belief:
    """Belief about an overhead of ``listed`` seconds, from (seconds, likeness) of past runs."""
    observations = [
        Observation(log_ratio=math.log(max(seconds, LEAST_SECONDS) / listed), likeness=weight)
        for seconds, weight in measured
        if seconds is not None
    ]
    return learn(observations, OVERHEAD)


def _duration_spread(price: Estimate, overhead: Overhead, epochs: int, beliefs: Beliefs) -> float:
    """Log spread of a whole run's duration, whose parts vary independently of each other."""
    return total_spread(
        [
            (price.duration_hours * 3600 - overhead.seconds(epochs), beliefs.throughput.spread),
            (overhead.start, beliefs.start.spread),
            (epochs * overhead.validation, beliefs.validation.spread),
            (overhead.save, beliefs.save.spread),
        ]
    )


def _scaled(seconds: float, belief: Belief) -> float:
    return seconds * belief.factor if belief.runs else seconds
