"""How fast a model trains, from its dimensions and a card's silicon: the estimate's second basis.

A forward and backward pass takes the time of its matrix products at a share of the card's peak, and that of everything
else (norms, activations, dropout, the loss) at a share of its memory's bandwidth. Operations are counted after Kaplan
et al. (arXiv:2001.08361, section 2.1) and Korthikanti et al. (arXiv:2205.05198, appendix A), with frozen weights: 2 a
parameter and token for each pass through the model, which are two, or three with full checkpointing. The figures are
fitted to published LoRA and QLoRA runs by ``benchmarks/estimates_published.py`` (docs/estimates.md).
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

from training.core.architecture import Architecture
from training.core.gpu_names import CUDA
from training.core.memory import COMPUTE_BYTES, TOKENS_AT_ONCE, Recipe, Setup, block_bytes_per_token
from training.core.options import AUTO, NF4, NO_QUANTIZATION

SCALING = {1: 1.0, 2: 0.89, 4: 0.83, 8: 0.78}
"""Share of linear speed-up that data parallelism keeps: 0.89 at 2 and 0.83 at 4 A100s (fms-acceleration's published
benchmarks); 8 continues their line."""
FITTED_CARDS = ("A100", "H100")
"""How the names of those cards begin that most published runs are from."""
PRODUCT = Recipe()
"""This product's trainer on a GPU."""
UNPACKED_BYTES = 4.5
"""Moved to unpack one weight of 4 bits: itself, and 16 bits written and read again."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """The figures that published runs were fitted for."""

    efficiency: float = 0.88
    """Share of the peak that matrix products reach."""
    traffic: float = 38.0
    """Times that what autograd keeps of a block is read or written, passes through caches included."""
    fused: float = 0.39
    """The same traffic with fused kernels / without."""
    unpacking: float = 0.79
    """Bandwidth / speed at which 4-bit weights are unpacked."""
    launch_seconds: float = 1.0e-3
    """Least time of one block in one pass: its kernels have to be launched."""


FITTED = Fitted()


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A GPU type, as far as speed goes."""

    name: str
    peak: float
    """Operations a second of dense matrix products in 16 bits."""
    peak_fp32: float
    bandwidth: float
    """Bytes a second of its memory."""
    has_bf16: bool = True

    @property
    def is_fitted(self) -> bool:
        """Most of the published runs were on such a card."""
        return self.name.startswith(FITTED_CARDS)

    def peak_in(self, precision: str) -> float:
        """Operations a second in ``bf16``, ``fp16``, ``fp32`` or ``auto``; bf16 that it lacks is emulated in fp32."""
        is_slow = precision == "fp32" or (precision == "bf16" and not self.has_bf16)
        return self.peak_fp32 if is_slow else self.peak


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A model and how it is trained, whatever on."""

    model: Architecture
    sequences: int
    """Conversations of a step, over all GPUs."""
    sequence_length: float
    """Tokens of a conversation, on average."""
    rank: int
    micro_batch_size: int | None = None
    dropout: bool = True
    quantization: str = NO_QUANTIZATION
    precision: str = AUTO
    checkpointing: bool = False
    recipe: Recipe = PRODUCT

    @property
    def passes(self) -> int:
        """Through the model: forward and backward, and forward again with checkpointing."""
        return 3 if self.checkpointing else 2

    @property
    def most_at_once(self) -> int:
        """Conversations that a GPU may put through together."""
        return self.micro_batch_size or max(1, int(TOKENS_AT_ONCE[CUDA] // self.sequence_length))

    @cached_property
    def adapter_parameters(self) -> int:
        """Weights that are trained."""
        return self.model.lora_parameters(self.rank, self.recipe.targets)

    @cached_property
    def operations_per_token(self) -> float:
        """Floating-point operations of all passes."""
        model, passes = self.model, self.passes
        through = model.linear_parameters + model.vocabulary * model.hidden_size
        attention = (passes + 1.5) * 2 * model.layers * self.sequence_length * model.query_width
        return 2 * passes * through + 2 * (passes + 1) * self.adapter_parameters + attention

    @cached_property
    def traffic_per_token(self) -> float:
        """Bytes that plain kernels keep in forward passes, which what they move is taken to be proportional to."""
        length = max(1, round(self.sequence_length))
        setup = Setup(sequences=1, sequence_length=length, rank=self.rank, dropout=self.dropout)
        block = block_bytes_per_token(self.model, setup, replace(self.recipe, fused=False), self.compute_bytes)
        return self.model.layers * block * self.passes / 2 + PRODUCT.logit_bytes * self.model.vocabulary

    @property
    def compute_bytes(self) -> int:
        """Of one figure in the precision that is computed in."""
        return COMPUTE_BYTES.get(self.precision, 2)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds of a micro-batch on one card, as a line over its tokens that never falls below a floor."""

    fixed: float
    per_token: float
    launching: float
    """Least seconds: of launching kernels."""
    reading: float
    """Least seconds: of reading the weights in each pass."""

    def seconds(self, tokens: float) -> float:
        """Of a forward and backward pass over ``tokens``."""
        return max(self.fixed + self.per_token * tokens, self.launching, self.reading)

    def is_launching(self, tokens: float) -> bool:
        """So few tokens that the time is that of launching kernels."""
        return self.seconds(tokens) <= self.launching


def pace(work: Workload, chip: Chip, fitted: Fitted = FITTED) -> Pace:
    """How long a micro-batch takes.

    Args:
        work: the model, and how it is trained.
        chip: one card.
        fitted: the figures; by default the product's.
    """
    model, passes = work.model, work.passes
    computing = work.operations_per_token / (fitted.efficiency * chip.peak_in(work.precision))
    share = fitted.fused if work.recipe.fused else 1.0
    moving = fitted.traffic * share * work.traffic_per_token / chip.bandwidth
    unpacked = passes * UNPACKED_BYTES * fitted.unpacking * model.linear_parameters / chip.bandwidth
    is_packed = work.quantization == NF4
    return Pace(
        fixed=unpacked if is_packed else 0.0,
        per_token=computing + moving,
        launching=passes * model.layers * fitted.launch_seconds,
        reading=0.0 if is_packed else work.compute_bytes * passes * model.linear_parameters / chip.bandwidth,
    )


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Of all GPUs together."""

    tokens_per_second: float
    is_launching: bool
    """The time is that of launching kernels: the batch is small for the card."""


def speeds(work: Workload, chip: Chip, most: int) -> list[Speed]:
    """On 1, 2, … ``most`` GPUs that share each step in whole conversations, the first place for one.

    GPUs beyond those that have work are taken not to slow the others down.

    Args:
        work: the model, and how it is trained.
        chip: the GPU type.
        most: GPUs.
    """
    line = pace(work, chip)
    step_tokens = work.sequences * work.sequence_length
    found: list[Speed] = []
    for count in range(1, most + 1):
        each = -(-work.sequences // count)
        rounds = math.ceil(each / work.most_at_once)
        tokens = each * work.sequence_length / rounds
        speed = step_tokens * scaling(count) / (rounds * line.seconds(tokens))
        if found and speed < found[-1].tokens_per_second:
            found.append(found[-1])
        else:
            found.append(Speed(tokens_per_second=speed, is_launching=line.is_launching(tokens)))
    return found


def scaling(gpu_count: int) -> float:
    """Share of the linear speed-up that ``gpu_count`` GPUs keep (0 to 1).

    Between the counts of SCALING on a straight line; above the largest, that one's.
    """
    if gpu_count in SCALING:
        return SCALING[gpu_count]
    below = max((count for count in SCALING if count < gpu_count), default=1)
    above = min((count for count in SCALING if count > gpu_count), default=max(SCALING))
    if above <= below:
        return SCALING[below]
    share = (gpu_count - below) / (above - below)
    return SCALING[below] + share * (SCALING[above] - SCALING[below])
