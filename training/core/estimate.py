"""What a run will cost and how long it will take: the specification's formula (section FR-3.1).

Arithmetic is IEEE double, in the specification's order of operations, so that every figure equals what its
JavaScript gives.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

DEFAULT_PAIRS = 1000
"""Training pairs of a data set that has not been counted."""
DEFAULT_TOKENS_PER_PAIR = 200
START_SECONDS = 10 * 60
VALIDATION_SECONDS_PER_EPOCH = 5 * 60
SAVE_SECONDS = 5 * 60
STORAGE_COST = 0.50
"""US dollars for keeping a run's artifacts."""
FULL_SPEED_PARAMETERS = 8_000_000_000
"""List throughputs apply to models up to this size."""
STEPS = [Decimal(1).scaleb(-places) for places in range(10)]
"""What figures are rounded to, by their decimal places."""


@dataclass(frozen=True, kw_only=True)
class DatasetFigures:
    """How much there is to train on. ``None`` and 0 both mean "not known", and take the defaults."""

    pairs: int | None
    """Training pairs: learned answers."""
    tokens: int | None
    """Tokens of the whole data set, passed through once in each epoch."""


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """``count`` GPUs of one type, with list figures for one of them."""

    price_per_hour: float
    """US dollars per GPU and hour."""
    tokens_per_second: float
    """Training throughput of one GPU."""
    count: int


@dataclass(frozen=True, kw_only=True)
class Overhead:
    """Seconds of a run in which it does not train; by default the list's."""

    start: float = START_SECONDS
    validation: float = VALIDATION_SECONDS_PER_EPOCH
    """For each epoch."""
    save: float = SAVE_SECONDS

    def seconds(self, epochs: int) -> float:
        """Of a whole run: starting and saving once, validating after each epoch."""
        return self.start + epochs * self.validation + self.save


LIST_OVERHEAD = Overhead()


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Unrounded figures; use ``cents`` to show money and hours as the specification does."""

    compute_cost: float
    """US dollars for the GPUs."""
    storage_cost: float
    """US dollars for keeping the artifacts."""
    total_cost: float
    """US dollars."""
    duration_hours: float
    """From the start to the saved adapter, overhead included."""
    hourly_rate: float
    """US dollars an hour, for all GPUs."""
    total_steps: int
    steps_per_epoch: int
    tokens_per_second: float
    """Throughput of all GPUs together."""

    @property
    def shown_throughput(self) -> float:
        """Tokens a second as they are shown: whole, below 1 to three places."""
        return round(self.tokens_per_second) if self.tokens_per_second >= 1 else round(self.tokens_per_second, 3)


def list_throughput(tokens_per_second: int, parameters: int | None) -> float:
    """One GPU's list throughput for a model of a certain size, in tokens a second.

    Up to 8B parameters it is the very integer of the list; beyond, it falls in inverse proportion to the size.

    Args:
        tokens_per_second: the list's figure, for models up to FULL_SPEED_PARAMETERS.
        parameters: the model's; ``None`` (not known) counts as up to FULL_SPEED_PARAMETERS.
    """
    if parameters is None or parameters <= FULL_SPEED_PARAMETERS:
        return tokens_per_second
    return tokens_per_second * FULL_SPEED_PARAMETERS / parameters


def estimate(
    dataset: DatasetFigures, hardware: Hardware, *, batch_size: int, epochs: int, overhead: Overhead = LIST_OVERHEAD
) -> Estimate:
    """The specification's estimate (section FR-3.1) for one choice of hardware.

    Args:
        dataset: what is not known of it takes the specification's defaults.
        hardware: throughput is taken as linear in the number of GPUs.
        batch_size: training pairs a step, over all GPUs; a last step that is not full counts as full.
        epochs: passes over the data set.
        overhead: measured seconds, in place of the list's.
    """
    pairs = float(dataset.pairs or DEFAULT_PAIRS)
    tokens = float(dataset.tokens or pairs * DEFAULT_TOKENS_PER_PAIR)
    hourly_rate = hardware.price_per_hour * hardware.count
    throughput = hardware.tokens_per_second * hardware.count

    steps_per_epoch = math.ceil(pairs / batch_size)
    total_steps = steps_per_epoch * epochs
    tokens_per_step = (tokens / pairs) * batch_size
    training_seconds = total_steps * (tokens_per_step / throughput)
    hours = (training_seconds + overhead.seconds(epochs)) / 3600

    compute_cost = hourly_rate * hours
    return Estimate(
        compute_cost=compute_cost,
        storage_cost=STORAGE_COST,
        total_cost=compute_cost + STORAGE_COST,
        duration_hours=hours,
        hourly_rate=hourly_rate,
        total_steps=total_steps,
        steps_per_epoch=steps_per_epoch,
        tokens_per_second=throughput,
    )


def fixed(value: float, *, places: int) -> Decimal:
    """``value`` to so many places as JavaScript's ``toFixed`` rounds it: ties in the exact binary value go up."""
    return Decimal(value).quantize(STEPS[places], rounding=ROUND_HALF_UP)


def cents(value: float) -> Decimal:
    """US dollars or hours, to two places."""
    return fixed(value, places=2)
