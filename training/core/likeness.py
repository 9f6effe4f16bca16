"""How much one run is like another, and how their speeds should differ because of how they differ."""

import math
from dataclasses import dataclass

SCALING = {1: 1.0, 2: 0.89, 4: 0.83, 8: 0.78}
"""Share of linear speed-up that data parallelism keeps: 0.89 at 2 and 0.83 at 4 A100s (fms-acceleration's published
benchmarks); 8 goes on in their line."""
CHECKPOINTING = 4 / 6
"""LoRA costs 4 N floating-point operations a token, and 6 N when every block is computed a second time."""
OTHER_MODEL = 0.5
OTHER_QUANTIZATION = 0.3
OTHER_PRECISION = 0.3
PARAMETER_OCTAVES = 1.0
TOKEN_OCTAVES = 1.0
LENGTH_OCTAVES = 2.0
RANK_OCTAVES = 3.0
"""How many doublings apart two runs are before the likeness has fallen to exp(-1)."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a run's speed depends on, besides the device, which must be the same, and how many of them work on it."""

    model: str
    parameters: int
    tokens_at_once: float
    """Tokens that could go through in one forward pass on one GPU, on average."""
    sequence_length: float
    """Tokens of a conversation, on average."""
    rank: int
    quantization: str = "none"
    precision: str = "auto"
    checkpointing: bool = False


def likeness(one: Conditions, other: Conditions) -> float:
    """1 for the same conditions, towards 0 the further they are apart."""
    distance = (
        _octaves(one.parameters, other.parameters, PARAMETER_OCTAVES)
        + _octaves(one.tokens_at_once, other.tokens_at_once, TOKEN_OCTAVES)
        + _octaves(one.sequence_length, other.sequence_length, LENGTH_OCTAVES)
        + _octaves(one.rank, other.rank, RANK_OCTAVES)
    )
    factor = math.exp(-distance)
    if one.model != other.model:
        factor *= OTHER_MODEL
    if one.quantization != other.quantization:
        factor *= OTHER_QUANTIZATION
    if one.precision != other.precision:
        factor *= OTHER_PRECISION
    return factor


def _octaves(one: float, other: float, width: float) -> float:
    return (math.log2(max(one, 1e-9) / max(other, 1e-9)) / width) ** 2


def scaling(gpu_count: int) -> float:
    """Share of the linear speed-up that ``gpu_count`` GPUs keep, between the published counts on a straight line."""
    if gpu_count in SCALING:
        return SCALING[gpu_count]
    below = max((count for count in SCALING if count < gpu_count), default=1)
    above = min((count for count in SCALING if count > gpu_count), default=max(SCALING))
    if above <= below:
        return SCALING[below]
    share = (gpu_count - below) / (above - below)
    return SCALING[below] + share * (SCALING[above] - SCALING[below])


def log_speed(conditions: Conditions, gpu_count: int) -> float:
    """How far (log) the conditions alone put a run's speed from the list's, which knows none of them: for translating
    what one run measured to another."""
    return math.log(scaling(gpu_count)) + (math.log(CHECKPOINTING) if conditions.checkpointing else 0.0)
