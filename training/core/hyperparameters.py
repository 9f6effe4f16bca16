"""A LoRA run's hyperparameters: the only list of them, with their limits, their sliders and their texts.

Form fields, API fields, the job file and the table of docs/api.md are built from it. Ranges, sliders and texts are the
specification's (sections FR-3.1 and FR-3.3); it leaves alpha and dropout open, whose ranges are those in common use
(alpha up to twice the largest rank; dropout up to one half).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from datasets.formats.lengths import DEFAULT_LONGEST

DECIMALS = 6
"""Decimal places that a value is written with at most."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One hyperparameter: what is accepted (minimum..maximum) and what its slider spans."""

    name: str = ""
    label: str
    help: str
    minimum: float
    maximum: float
    slider_minimum: float
    slider_maximum: float
    step: float
    """Of its slider."""
    is_integer: bool = True
    is_derived: bool = False
    """Left out of a request, it follows from the others (see ``presets.complete``)."""
    default: float | None = None
    """What runs did before there was a choice: for requests, jobs and job files that say nothing of it."""
    least_decimals: int = 0
    """Decimal places that its slider shows at least, for a value that is not whole."""

    @property
    def is_optional(self) -> bool:
        """A request to the API may leave it out."""
        return self.is_derived or self.default is not None

    @property
    def message(self) -> str:
        """The error text for a value out of range."""
        return f"Must be between {number(self.minimum)} and {number(self.maximum)}."

    def text(self, value: float) -> str:
        """A value as its slider shows it: 0.00005, 0.1, 16."""
        whole, dot, decimals = number(value).partition(".")
        return f"{whole}{dot}{decimals:0<{self.least_decimals}}" if dot else whole


def _limited(**about: Any) -> Any:
    limit = Limit(**about)
    if limit.default is None:
        return field(metadata={"limit": limit})
    return field(metadata={"limit": limit}, default=limit.default)


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """A run's hyperparameters.

    ``batch_size`` counts training pairs a step, over all GPUs; ``epochs`` passes over the data set. The adapter's
    update is scaled by ``alpha / rank`` (arXiv:2106.09685, section 4.1); ``dropout`` is the share of its inputs that
    is left out at random. ``max_sequence_length`` is in tokens; the model's own context may be shorter, and wins.
    """

    learning_rate: float = _limited(
        label="Learning Rate",
        help="Lower = more stable training, Higher = faster convergence (but risky)",
        minimum=0.00001,
        maximum=0.001,
        slider_minimum=0.00001,
        slider_maximum=0.0002,
        step=0.000001,
        is_integer=False,
        least_decimals=5,
    )
    batch_size: int = _limited(
        label="Batch Size",
        help="Larger batch = faster training but requires more memory",
        minimum=1,
        maximum=64,
        slider_minimum=1,
        slider_maximum=16,
        step=1,
    )
    epochs: int = _limited(
        label="Training Epochs",
        help="More epochs = better learning, but with diminishing returns",
        minimum=1,
        maximum=20,
        slider_minimum=1,
        slider_maximum=10,
        step=1,
    )
    rank: int = _limited(
        label="LoRA Rank",
        help="Higher rank = more expressive adapter, but larger model size",
        minimum=4,
        maximum=128,
        slider_minimum=4,
        slider_maximum=64,
        step=4,
    )
    alpha: float = _limited(
        label="LoRA Alpha",
        help="Scales the adapter's effect by alpha / rank; twice the rank is customary",
        minimum=1,
        maximum=256,
        slider_minimum=4,
        slider_maximum=128,
        step=4,
        is_integer=False,
        is_derived=True,
    )
    dropout: float = _limited(
        label="LoRA Dropout",
        help="Higher = less overfitting on small datasets, but slower learning",
        minimum=0,
        maximum=0.5,
        slider_minimum=0,
        slider_maximum=0.5,
        step=0.01,
        is_integer=False,
        is_derived=True,
    )

    max_sequence_length: int = _limited(
        label="Sequence Length",
        help="Tokens of the longest conversation that is trained on whole; longer = more memory",
        minimum=64,
        maximum=131072,
        slider_minimum=256,
        slider_maximum=8192,
        step=256,
        default=DEFAULT_LONGEST,
    )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "Hyperparameters":
        """From values by name; other names are passed over, and what has a default may be missing.

        Raises:
            KeyError: a value is missing.
        """
        given = {name: values[name] for name, limit in LIMITS.items() if name in values or limit.default is None}
        return cls(**{name: int(value) if LIMITS[name].is_integer else value for name, value in given.items()})

    def to_dict(self) -> dict[str, float]:
        """By name, as JSON has them."""
        return asdict(self)


LIMITS: dict[str, Limit] = {one.name: replace(one.metadata["limit"], name=one.name) for one in fields(Hyperparameters)}


def number(value: float) -> str:
    """A value in decimal notation, to DECIMALS places and without trailing zeros: 0.00001, not 1e-05."""
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
