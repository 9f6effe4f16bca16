"""What a run will cost and how long it will take: the specification's formula (section FR-3.1).

Arithmetic is IEEE double, in the specification's order of operations, so that every figure equals what its
JavaScript gives.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

DEFAULT_PAIRS = 1000
DEFAULT_TOKENS_PER_PAIR = 200
START_SECONDS = 10 * 60
VALIDATION_SECONDS_PER_EPOCH = 5 * 60
SAVE_SECONDS = 5 * 60
STORAGE_COST = 0.50
"""US dollars for keeping a run's artifacts."""
FULL_SPEED_PARAMETERS = 8_000_000_000
"""List throughputs apply to models up to this size."""


@dataclass(frozen=True, kw_only=True)
class DatasetFigures:
    """How much there is to train on. ``None`` and 0 both mean "not known", and take the defaults."""

    pairs: int | None
    tokens: int | None


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


LIST_OVERHEAD = Overhead()


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Unrounded figures; use ``cents`` to show money and hours as the specification does."""

    compute_cost: float
    storage_cost: float
    total_cost: float
    duration_hours: float
    hourly_rate: float
    total_steps: int
    steps_per_epoch: int
    tokens_per_second: float


def steps_per_epoch(pairs: int | None, batch_size: int) -> int:
    return math.ceil((pairs or DEFAULT_PAIRS) / batch_size)


def list_throughput(tokens_per_second: int, parameters: int | None) -> float:
    """One GPU's list tokens a second for a model of that size: beyond 8B parameters in inverse proportion to it.

    Below, the very integer that is in the list.
    """
    if parameters is None or parameters <= FULL_SPEED_PARAMETERS:
        return tokens_per_second
    return tokens_per_second * FULL_SPEED_PARAMETERS / parameters


def training_tokens(dataset: DatasetFigures, *, batch_size: int, epochs: int) -> float:
    """Tokens that go through the model in all steps; a last step that is not full counts as full."""
    pairs = float(dataset.pairs or DEFAULT_PAIRS)
    tokens = float(dataset.tokens or pairs * DEFAULT_TOKENS_PER_PAIR)
    return steps_per_epoch(dataset.pairs, batch_size) * epochs * ((tokens / pairs) * batch_size)


def estimate(
    dataset: DatasetFigures, hardware: Hardware, *, batch_size: int, epochs: int, overhead: Overhead = LIST_OVERHEAD
) -> Estimate:
    """The specification's estimate for one choice of hardware; with an overhead that was measured, that instead."""
    pairs = float(dataset.pairs or DEFAULT_PAIRS)
    tokens = float(dataset.tokens or pairs * DEFAULT_TOKENS_PER_PAIR)
    hourly_rate = hardware.price_per_hour * hardware.count
    throughput = hardware.tokens_per_second * hardware.count

    epoch_steps = steps_per_epoch(dataset.pairs, batch_size)
    total_steps = epoch_steps * epochs

    tokens_per_step = (tokens / pairs) * batch_size
    seconds_per_step = tokens_per_step / throughput
    training_seconds = total_steps * seconds_per_step
    overhead_seconds = overhead.start + epochs * overhead.validation + overhead.save
    hours = (training_seconds + overhead_seconds) / 3600

    compute_cost = hourly_rate * hours
    return Estimate(
        compute_cost=compute_cost,
        storage_cost=STORAGE_COST,
        total_cost=compute_cost + STORAGE_COST,
        duration_hours=hours,
        hourly_rate=hourly_rate,
        total_steps=total_steps,
        steps_per_epoch=epoch_steps,
        tokens_per_second=throughput,
    )


def fixed(value: float, *, places: int) -> Decimal:
    """``value`` as JavaScript's ``toFixed`` has it: ties in the exact binary value go up."""
    return Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def cents(value: float) -> Decimal:
    """Money and hours, to two places."""
    return fixed(value, places=2)
