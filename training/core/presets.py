"""The presets of the specification (section FR-3.3), and which one a choice of hyperparameters is."""

from collections.abc import Mapping
from dataclasses import dataclass

from training.core.hyperparameters import Hyperparameters, number

CUSTOM = "custom"
DEFAULT = "balanced"
LEFT_ALONE = frozenset({"max_sequence_length"})
"""Hyperparameters that no preset decides: these follow from the data."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One of the specification's presets, with its card's texts."""

    id: str
    name: str
    description: str
    details: str
    icon: str
    """A Lucide icon's name."""
    hyperparameters: Hyperparameters

    @property
    def shown_learning_rate(self) -> str:
        """The learning rate as its card has it: 0.0001, not 1e-04."""
        return number(self.hyperparameters.learning_rate)

    @property
    def values(self) -> dict[str, float]:
        """What choosing it sets, by name."""
        return {name: value for name, value in self.hyperparameters.to_dict().items() if name not in LEFT_ALONE}


PRESETS: dict[str, Preset] = {
    preset.id: preset
    for preset in (
        Preset(
            id="fast",
            name="Fast",
            description="Quick training for testing and iteration",
            details="Optimized for speed, suitable for testing",
            icon="zap",
            hyperparameters=Hyperparameters(
                learning_rate=0.0001, batch_size=8, epochs=1, rank=8, alpha=16, dropout=0.05
            ),
        ),
        Preset(
            id="balanced",
            name="Balanced",
            description="Recommended balance of quality and cost",
            details="Best for most use cases",
            icon="target",
            hyperparameters=Hyperparameters(
                learning_rate=0.00005, batch_size=4, epochs=3, rank=16, alpha=32, dropout=0.1
            ),
        ),
        Preset(
            id="quality",
            name="Quality",
            description="Maximum quality for production models",
            details="Slower and more expensive, but best results",
            icon="crown",
            hyperparameters=Hyperparameters(
                learning_rate=0.00003, batch_size=2, epochs=5, rank=32, alpha=64, dropout=0.1
            ),
        ),
    )
}

IDS = (*PRESETS, CUSTOM)
"""All that a job's preset may be."""


def matching(hyperparameters: Hyperparameters) -> str:
    """The id of the preset that has exactly these values, but for those LEFT_ALONE, else CUSTOM."""
    chosen = hyperparameters.to_dict()
    for preset in PRESETS.values():
        if preset.values.items() <= chosen.items():
            return preset.id
    return CUSTOM


def complete(values: Mapping[str, float], preset_id: str = CUSTOM) -> Hyperparameters:
    """Hyperparameters of a request that may leave alpha and dropout out.

    Alpha is then twice the rank, as in every preset; dropout is the preset's, or the default preset's.

    Args:
        values: by name, within their limits.
        preset_id: one of IDS.

    Raises:
        KeyError: a required value is missing.
    """
    dropout = PRESETS.get(preset_id, PRESETS[DEFAULT]).hyperparameters.dropout
    return Hyperparameters.from_mapping({"alpha": 2 * values["rank"], "dropout": dropout} | dict(values))
