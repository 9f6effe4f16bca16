"""How a run uses its GPUs' memory: choices that change neither what is learned nor the batch size."""

from dataclasses import asdict, dataclass
from typing import Any

LARGEST_MICRO_BATCH = 64
"""Conversations."""
NO_QUANTIZATION = "none"
NF4 = "nf4"
"""4-bit NormalFloat (QLoRA, arXiv:2305.14314, section 3)."""
QUANTIZATIONS = {NO_QUANTIZATION: "16 bits (LoRA)", NF4: "4 bits (QLoRA)"}
AUTO = "auto"
PRECISIONS = {AUTO: "Automatic", "bf16": "bf16", "fp16": "fp16", "fp32": "fp32"}


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """By default, what the trainer chooses by itself."""

    micro_batch_size: int | None = None
    """Conversations in one forward pass on one GPU; ``None``: as many as a fixed number of tokens allows."""
    gradient_checkpointing: bool = False
    quantization: str = NO_QUANTIZATION
    """A key of QUANTIZATIONS."""
    precision: str = AUTO
    """A key of PRECISIONS."""

    def to_dict(self) -> dict[str, Any]:
        """By name, as JSON and the columns of a plan have them."""
        return asdict(self)


DEFAULT_OPTIONS = RunOptions()
