"""The presets of the specification (section FR-3.3), and which one a choice of hyperparameters is."""

from dataclasses import dataclass

from training.core.hyperparameters import Hyperparameters, number

CUSTOM = "custom"
DEFAULT = "balanced"


@dataclass(frozen=True, kw_only=True)
class Preset:
    id: str
    name: str
    description: str
    details: str
    icon: str
    hyperparameters: Hyperparameters

    @property
    def shown_learning_rate(self) -> str:
        return number(self.hyperparameters.learning_rate)


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


def matching(hyperparameters: Hyperparameters) -> str:
    """The id of the preset that has exactly these values, else ``custom``."""
    for preset in PRESETS.values():
        if preset.hyperparameters == hyperparameters:
            return preset.id
    return CUSTOM
