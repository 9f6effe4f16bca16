"""How much one run is like another, and how their speeds should differ because of how they differ."""

import math
from dataclasses import dataclass
from typing import Any

from training.core.gpu_names import CUDA
from training.core.memory import TOKENS_AT_ONCE
from training.core.options import AUTO, NO_QUANTIZATION
from training.core.throughput import scaling

LORA_FLOPS = 4
"""Floating-point operations a parameter and token: 2 forward and 2 for the activations' gradients (Kaplan et al.,
arXiv:2001.08361, section 2.1); the 2 for the weights' gradients fall away, since the base model is frozen."""
CHECKPOINTED_FLOPS = 6
"""The same when every block's forward pass is computed a second time (arXiv:1604.06174)."""
CHECKPOINTING = LORA_FLOPS / CHECKPOINTED_FLOPS
"""Speed with gradient checkpointing / without."""
OTHER_MODEL = 0.5
OTHER_QUANTIZATION = 0.3
OTHER_PRECISION = 0.3
"""What the likeness is multiplied by where two runs differ in it."""
PARAMETER_OCTAVES = 1.0
TOKEN_OCTAVES = 1.0
LENGTH_OCTAVES = 2.0
RANK_OCTAVES = 3.0
"""How many doublings apart two runs are before the likeness has fallen to exp(-1)."""
LEAST = 1e-9
"""In place of nothing, which has no logarithm."""


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
    quantization: str = NO_QUANTIZATION
    precision: str = AUTO
    checkpointing: bool = False

    @classmethod
    def of(cls, *, sequences: int, micro_batch_size: int | None, sequence_length: float, **others: Any) -> "Conditions":
        """Of a step with so many ``sequences`` on one GPU, of which ``micro_batch_size`` may go through together.

        Args:
            sequences: conversations of a step, however many GPUs share them.
            micro_batch_size: what was chosen; ``None``: as many as TOKENS_AT_ONCE allows.
            sequence_length: tokens of a conversation, on average.
            others: the remaining fields, as they are.
        """
        together = min(sequences, micro_batch_size or sequences)
        most = max(TOKENS_AT_ONCE[CUDA], sequence_length)
        return cls(tokens_at_once=min(together * sequence_length, most), sequence_length=sequence_length, **others)


def likeness(one: Conditions, other: Conditions) -> float:
    """Weight of one run in an estimate of the other, from 1 (same conditions) towards 0 (docs/estimates.md).

    A Gaussian kernel of the distances in doublings, times a factor for each choice that differs. Written out, rather
    than with a function of one distance: every estimate asks for hundreds.
    """
    factor = math.exp(
        -(
            (math.log2((one.parameters or LEAST) / (other.parameters or LEAST)) / PARAMETER_OCTAVES) ** 2
            + (math.log2((one.tokens_at_once or LEAST) / (other.tokens_at_once or LEAST)) / TOKEN_OCTAVES) ** 2
            + (math.log2((one.sequence_length or LEAST) / (other.sequence_length or LEAST)) / LENGTH_OCTAVES) ** 2
            + (math.log2((one.rank or LEAST) / (other.rank or LEAST)) / RANK_OCTAVES) ** 2
        )
    )
    if one.model != other.model:
        factor *= OTHER_MODEL
    if one.quantization != other.quantization:
        factor *= OTHER_QUANTIZATION
    if one.precision != other.precision:
        factor *= OTHER_PRECISION
    return factor


def log_speed(conditions: Conditions, gpu_count: int) -> float:
    """Natural logarithm of (speed under these conditions / the list's), as far as the conditions alone explain it.

    List figures know neither data parallelism's losses nor checkpointing, so what one run measured is divided by its
    own and multiplied by the other's when it is carried over.
    """
    return math.log(scaling(gpu_count)) + (math.log(CHECKPOINTING) if conditions.checkpointing else 0.0)
