"""Whether a run fits into a card's memory, and what would make it fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from training.core.architecture import Architecture
from training.core.memory import GIB, Memory, Setup, predict
from training.core.options import AUTO, NF4, NO_QUANTIZATION

Changes = dict[str, str | int | bool]
"""Fields of the form and the API, with their new values."""
TIGHT = 0.9
"""Above this share of the card a run may still fail: nearly all published peaks that the memory model was made with are
within 10 % (docs/estimates.md)."""
TIGHT_UNTRIED = 0.8
"""The same in 4 bits without checkpointing: what such a run keeps was measured on a CPU alone, and programs of earlier
years needed a fifth more."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A GPU type, as far as memory goes."""

    name: str
    memory_gib: float
    """What programs can use of it, in GiB: less than the name says."""
    has_bf16: bool = True
    """It computes in bf16: compute capability 8.0 (Ampere) and above."""

    @property
    def capacity(self) -> float:
        """Bytes."""
        return self.memory_gib * GIB


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """One change, or several together, with which the run fits."""

    kind: str
    """``micro_batch``, ``checkpointing``, ``quantization``, ``combined`` or ``card``."""
    text: str
    changes: Changes
    peak: float
    """Bytes that the run then takes."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Predicted memory against the card's."""

    memory: Memory
    card: Card
    factor: float = 1.0
    """Measured / predicted peak, as learned from past runs; 1 where there are none."""
    tight: float = TIGHT
    """The share of the card above which it is called tight."""

    @property
    def peak(self) -> float:
        """Bytes, as ``nvidia-smi`` would show. The factor applies to PyTorch's memory, not to the CUDA context."""
        return self.memory.reserved * self.factor + self.memory.context

    def parts(self) -> dict[str, float]:
        """Bytes by part, adding up to the peak; the names are Memory's fields."""
        parts = self.memory.parts()
        return {name: size if name == "context" else size * self.factor for name, size in parts.items()}

    @property
    def share(self) -> float:
        """Peak / capacity; above 1 it does not fit."""
        return self.peak / self.card.capacity

    @property
    def fits(self) -> bool:
        """The predicted peak is within the card's memory."""
        return self.share <= 1

    @property
    def is_tight(self) -> bool:
        """It fits, but with less room left than the predictions may be off by."""
        return self.tight < self.share <= 1


def precision_on(card: Card, precision: str) -> str:
    """``bf16``, ``fp16`` or ``fp32``: what the trainer computes in when told ``precision`` on this card.

    By itself (``auto``) it takes bf16 where the card has it, else fp16.
    """
    if precision == AUTO:
        return "bf16" if card.has_bf16 else "fp16"
    return precision


def fit(model: Architecture, setup: Setup, card: Card, *, factor: float = 1.0, memory: Memory | None = None) -> Fit:
    """Predict the memory of a run on ``card``.

    Args:
        model: the base model's dimensions.
        setup: one GPU's share of the run; its precision may be ``auto``.
        card: the GPU type.
        factor: measured / predicted peak, as learned from past runs.
        memory: what ``memory_on`` says of it, where that has been asked already.
    """
    is_untried = setup.quantization == NF4 and not setup.checkpointing
    tight = TIGHT_UNTRIED if is_untried else TIGHT
    return Fit(memory=memory or memory_on(card, model, setup), card=card, factor=factor, tight=tight)


def memory_on(card: Card, model: Architecture, setup: Setup) -> Memory:
    """Of a card, it depends on the precision alone that ``auto`` is on it."""
    return predict(model, replace(setup, precision=precision_on(card, setup.precision)))


def remedies(
    model: Architecture, setup: Setup, card: Card, other_cards: list[Card], *, factor: float = 1.0
) -> list[Remedy]:
    """What would make a run fit, the least intrusive first: each change alone where that is enough, else combined.

    The batch size stays: with a smaller micro-batch, gradients are added up over more passes.

    Args:
        model: the base model's dimensions.
        setup: the run that does not fit.
        card: the GPU type that it does not fit on.
        other_cards: from which the smallest larger one that fits is proposed.
        factor: measured / predicted peak, as learned from past runs.
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
    """A remedy's kind, text and changes, and the setup that they lead to; the least intrusive first."""
    for sequences in _halves(setup.sequences):
        text = f"Micro-batch of {sequences}, gradients added up: the same batch size, a little slower"
        yield "micro_batch", text, {"micro_batch_size": sequences}, replace(setup, sequences=sequences)
    if not setup.checkpointing:
        text = "Gradient checkpointing: a third to a half slower"
        yield "checkpointing", text, {"gradient_checkpointing": True}, replace(setup, checkpointing=True)
    if setup.quantization == NO_QUANTIZATION:
        text = "QLoRA: the base model in 4 bits"
        yield "quantization", text, {"quantization": NF4}, replace(setup, quantization=NF4)
    yield from _combined(setup)


def _combined(setup: Setup) -> Iterator[tuple[str, str, Changes, Setup]]:
    """Checkpointing and quantization together, then with the smallest micro-batch as well."""
    both = replace(setup, checkpointing=True, quantization=NF4)
    changes: Changes = {}
    if not setup.checkpointing:
        changes["gradient_checkpointing"] = True
    if setup.quantization == NO_QUANTIZATION:
        changes["quantization"] = NF4
    if len(changes) == 2:
        yield "combined", "QLoRA with gradient checkpointing", changes, both
    if changes and setup.sequences > 1:
        text = "Everything: QLoRA, gradient checkpointing, one conversation at a time"
        yield "combined", text, {**changes, "micro_batch_size": 1}, replace(both, sequences=1)


def _halves(sequences: int) -> Iterator[int]:
    """Half of ``sequences``, half of that, and so on down to 1."""
    while sequences > 1:
        sequences //= 2
        yield sequences
