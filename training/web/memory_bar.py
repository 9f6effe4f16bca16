"""A run's memory as a bar: what takes how much of the card, or of what would be needed."""

from dataclasses import dataclass

from training.core.fitting import Fit
from training.core.memory import GIB

PARTS = {
    "weights": "Model weights",
    "adapter": "Adapter",
    "gradients": "Gradients",
    "optimizer": "Optimizer",
    "activations": "Activations",
    "logits": "Logits",
    "fragmentation": "Held in reserve by PyTorch",
    "context": "CUDA itself",
}
SEGMENTS = (
    ("weights", ("weights",)),
    ("training", ("adapter", "gradients", "optimizer")),
    ("activations", ("activations", "logits")),
    ("rest", ("fragmentation", "context")),
)
"""The bar's segments, and which parts are in each."""


@dataclass(frozen=True)
class Segment:
    """In percent of the bar."""

    name: str
    x: float
    width: float


@dataclass(frozen=True, kw_only=True)
class MemoryBar:
    """Positions in percent of the larger of card and peak; sizes in GiB."""

    fit: Fit
    peak: float
    segments: list[Segment]
    card_at: float
    parts: list[tuple[str, float]]


def memory_bar(fit: Fit) -> MemoryBar:
    """The bar of one GPU."""
    parts = fit.parts()
    whole = max(fit.peak, fit.card.capacity)
    segments, at = [], 0.0
    for name, of in SEGMENTS:
        width = 100 * sum(parts[part] for part in of) / whole
        segments.append(Segment(name, round(at, 2), round(width, 2)))
        at += width
    return MemoryBar(
        fit=fit,
        peak=fit.peak / GIB,
        segments=segments,
        card_at=round(100 * fit.card.capacity / whole, 2),
        parts=[(label, parts[name] / GIB) for name, label in PARTS.items()],
    )
