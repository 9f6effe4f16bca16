"""Whether an export says what the adapter says that it was made of. Pure."""

from dataclasses import dataclass

MERGED, GGUF_LORA, GGUF_F16, GGUF_Q8_0 = "merged", "gguf_lora", "gguf_f16", "gguf_q8_0"
"""Kinds of exports: the merged model as safetensors, the adapter as GGUF, the merged model as GGUF."""
VERIFIED = "verified"
FAILED = "failed verification"


@dataclass(frozen=True)
class Bound:
    """What is asked of an export."""

    equal_tokens: float
    """The least share of likeliest next tokens that are the adapter's."""
    loss_change: float
    """The most that the loss may differ, as a share of the adapter's."""


UNQUANTIZED = Bound(0.98, 0.005)
BOUNDS = {
    MERGED: UNQUANTIZED,
    GGUF_LORA: UNQUANTIZED,
    GGUF_F16: UNQUANTIZED,
    # q8_0 rounds each weight to 1/127 of the largest of its 32: of a normal weight about half a per cent, five times
    # what bf16 does. Perplexity then rises by a few thousandths (llama.cpp's table: 5.9063 to 5.9070 for Llama 7B),
    # more in small models; likeliest tokens that were near a tie change.
    GGUF_Q8_0: Bound(0.95, 0.01),
}


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """An export beside the adapter on its base, both run with PyTorch on the same prompts and rows."""

    prompts: int
    tokens: int
    """Of all the adapter's greedy answers, at least 1."""
    equal: int
    """Places in these answers at which the export's likeliest next token is the adapter's."""
    same_answers: int
    """Prompts whose greedy answer is the same to its end."""
    loss: float
    """The adapter's, per learned token (nats)."""
    export_loss: float

    @property
    def equal_tokens(self) -> float:
        """As a share of all."""
        return self.equal / self.tokens

    @property
    def loss_change(self) -> float:
        """As a share of the adapter's loss; the export's is higher where it is above 0."""
        return (self.export_loss - self.loss) / self.loss if self.loss else self.export_loss

    def verdict(self, bound: Bound) -> str:
        """VERIFIED within the bound, else FAILED; a loss that is no number is within none."""
        is_within = self.equal_tokens >= bound.equal_tokens and abs(self.loss_change) <= bound.loss_change
        return VERIFIED if is_within else FAILED
