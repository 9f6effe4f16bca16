"""Whether a run fits into a card's memory, and what would make it fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from training.core.architecture import Architecture
from training.core.memory import GIB, Memory, Setup, predict

Changes = dict[str, str | int | bool]
TIGHT = 0.9
"""Above this share of the card, a run may still fail: predictions are off by some percent."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A GPU type, as far as memory goes."""

    name: str
    memory_gib: float
    has_bf16: bool = True

    @property
    def capacity(self) -> float:
        """Bytes."""
        return self.memory_gib * GIB


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """One change that makes the run fit: ``changes`` are fields of the form and the API with their new values."""

    kind: str
    text: str
    changes: Changes
    peak: float


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Predicted memory against the card. ``factor`` is what was learned from measured peaks (1: nothing)."""

    memory: Memory
    card: Card
    factor: float = 1.0

    @property
    def peak(self) -> float:
        """Bytes, as ``nvidia-smi`` would show. What was learned is about PyTorch's memory, not CUDA's own."""
        return self.memory.reserved * self.factor + self.memory.context

    def parts(self) -> dict[str, float]:
        """Bytes by part, adding up to the peak."""
        parts = self.memory.parts()
        return {name: size if name == "context" else size * self.factor for name, size in parts.items()}

    @property
    def share(self) -> float:
        return self.peak / self.card.capacity

    @property
    def fits(self) -> bool:
        return self.share <= 1

    @property
    def is_tight(self) -> bool:
        return TIGHT < self.share <= 1


def precision_on(card: Card, precision: str) -> str:
    """What the trainer computes in when told ``precision``: by itself bf16 where the card has it, else fp16."""
    if precision == "auto":
        return "bf16" if card.has_bf16 else "fp16"
    return precision


def fit(model: Architecture, setup: Setup, card: Card, *, factor: float = 1.0) -> Fit:
    precise = replace(setup, precision=precision_on(card, setup.precision))
    return Fit(memory=predict(model, precise), card=card, factor=factor)


def remedies(
    model: Architecture, setup: Setup, card: Card, other_cards: list[Card], *, factor: float = 1.0
) -> list[Remedy]:
    """What would make it fit, the least intrusive first: each alone where that is enough, else combined.

    The batch size stays: a smaller micro-batch adds gradients up over more passes.
    """
    found: list[Remedy] = []
    for kind, text, changes, changed in _candidates(setup):
        outcome = fit(model, changed, card, factor=factor)
        covered = any(set(remedy.changes) <= set(changes) for remedy in found)
        if outcome.fits and not covered:
            found.append(Remedy(kind=kind, text=text, changes=changes, peak=outcome.peak))
    for other in sorted(other_cards, key=lambda other: other.memory_gib):
        if other.memory_gib > card.memory_gib and (outcome := fit(model, setup, other, factor=factor)).fits:
            text = f"A larger card: {other.name}"
            found.append(Remedy(kind="card", text=text, changes={"gpu_type": other.name}, peak=outcome.peak))
            break
    return found


def _candidates(setup: Setup) -> Iterator[tuple[str, str, Changes, Setup]]:
    halves = _smaller(setup.sequences)
    for sequences in halves:
        text = f"Micro-batch of {sequences}, gradients added up: the same batch size, a little slower"
        yield "micro_batch", text, {"micro_batch_size": sequences}, replace(setup, sequences=sequences)
    if not setup.checkpointing:
        text = "Gradient checkpointing: a third to a half slower"
        yield "checkpointing", text, {"gradient_checkpointing": True}, replace(setup, checkpointing=True)
    if setup.quantization == "none":
        text = "QLoRA: the base model in 4 bits"
        yield "quantization", text, {"quantization": "nf4"}, replace(setup, quantization="nf4")
    yield from _combined(setup)


def _combined(setup: Setup) -> Iterator[tuple[str, str, Changes, Setup]]:
    both = replace(setup, checkpointing=True, quantization="nf4")
    changes: Changes = {
        name: value
        for name, value, is_new in (
            ("gradient_checkpointing", True, not setup.checkpointing),
            ("quantization", "nf4", setup.quantization == "none"),
        )
        if is_new
    }
    if len(changes) == 2:
        yield "combined", "QLoRA with gradient checkpointing", changes, both
    if changes and setup.sequences > 1:
        least: Changes = {**changes, "micro_batch_size": 1}
        text = "Everything: QLoRA, gradient checkpointing, one conversation at a time"
        yield "combined", text, least, replace(both, sequences=1)


def _smaller(sequences: int) -> list[int]:
    """Halves down to 1, the largest first."""
    found = []
    while sequences > 1:
        sequences = sequences // 2
        found.append(sequences)
    return found
