"""A LoRA run's hyperparameters: their limits, their sliders and their validation, said once.

Form fields and API fields are built from LIMITS. Ranges, sliders and texts are the specification's (sections
FR-3.1 and FR-3.3); it leaves alpha and dropout open, whose ranges are those in common use (alpha up to twice the
largest rank; dropout up to one half).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One hyperparameter: what is accepted (minimum..maximum) and what its slider spans."""

    name: str
    label: str
    help: str
    minimum: float
    maximum: float
    slider_minimum: float
    slider_maximum: float
    step: float
    is_integer: bool = True

    @property
    def message(self) -> str:
        """What to tell who is out of range."""
        return f"Must be between {number(self.minimum)} and {number(self.maximum)}."


LIMITS: dict[str, Limit] = {
    limit.name: limit
    for limit in (
        Limit(
            name="learning_rate",
            label="Learning Rate",
            help="Lower = more stable training, Higher = faster convergence (but risky)",
            minimum=0.00001,
            maximum=0.001,
            slider_minimum=0.00001,
            slider_maximum=0.0002,
            step=0.000001,
            is_integer=False,
        ),
        Limit(
            name="batch_size",
            label="Batch Size",
            help="Larger batch = faster training but requires more memory",
            minimum=1,
            maximum=64,
            slider_minimum=1,
            slider_maximum=16,
            step=1,
        ),
        Limit(
            name="epochs",
            label="Training Epochs",
            help="More epochs = better learning, but with diminishing returns",
            minimum=1,
            maximum=20,
            slider_minimum=1,
            slider_maximum=10,
            step=1,
        ),
        Limit(
            name="rank",
            label="LoRA Rank",
            help="Higher rank = more expressive adapter, but larger model size",
            minimum=4,
            maximum=128,
            slider_minimum=4,
            slider_maximum=64,
            step=4,
        ),
        Limit(
            name="alpha",
            label="LoRA Alpha",
            help="Scales the adapter's effect by alpha / rank; twice the rank is customary",
            minimum=1,
            maximum=256,
            slider_minimum=4,
            slider_maximum=128,
            step=4,
            is_integer=False,
        ),
        Limit(
            name="dropout",
            label="LoRA Dropout",
            help="Higher = less overfitting on small datasets, but slower learning",
            minimum=0,
            maximum=0.5,
            slider_minimum=0,
            slider_maximum=0.5,
            step=0.01,
            is_integer=False,
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """A run's hyperparameters. ``batch_size`` counts training pairs a step, over all GPUs."""

    learning_rate: float
    batch_size: int
    epochs: int
    rank: int
    alpha: float
    dropout: float

    @classmethod
    def from_mapping(cls, values: Mapping[str, float]) -> "Hyperparameters":
        return cls(
            learning_rate=float(values["learning_rate"]),
            batch_size=int(values["batch_size"]),
            epochs=int(values["epochs"]),
            rank=int(values["rank"]),
            alpha=values["alpha"],
            dropout=values["dropout"],
        )

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def number(value: float) -> str:
    """A limit or value as people write it: 0.00001, not 1e-05."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
