"""How far a run has come, over all its attempts; and what a run must be to go on from there."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .data import Example
from .protocol import JobSpec

BINDING = (
    "model_name",
    "total_steps",
    "steps_per_epoch",
    "evaluation_share",
    "max_sequence_length",
    "too_long",
    "warmup_share",
    "seed",
    "quantization",
)
"""What decides the result besides hyperparameters, the base model's revision and the data. Device, precision,
micro-batches and gradient checkpointing may change between attempts."""

NOT_BINDING = {"max_sequence_length"}
"""Hyperparameters that decide the result only by what the job file makes of them."""

STEP_PLAN = 2
"""Counted up when ``step_plan`` gives other steps for the same seed: a run cannot go on with another order."""


@dataclass
class Progress:
    """What all attempts at a run have done together, as ``progress.json`` of a checkpoint holds it."""

    step: int = 0
    tokens: int = 0
    """Without padding."""
    seconds: float = 0.0
    """In steps, nothing else."""
    first_loss: float = math.nan
    last_loss: float = math.nan
    evaluation_loss: float | None = None
    evaluated_step: int = 0

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Progress":
        """What ``write`` wrote."""
        return cls(**json.loads(path.read_text()))


def configuration(spec: JobSpec, examples: Iterable[Example]) -> dict[str, Any]:
    """All that decides the result, by name, the data as a digest (SHA-256) of tokens, labels and weights.

    Checkpoints carry it and are refused by a run with another.
    """
    digest = hashlib.sha256()
    for example in examples:
        digest.update(example.content)
    revision = {"model_revision": spec.model_revision} if spec.model_revision else {}
    return {
        **{name: getattr(spec, name) for name in BINDING},
        **{name: value for name, value in spec.hyperparameters.items() if name not in NOT_BINDING},
        **revision,
        "step_plan": STEP_PLAN,
        "data": digest.hexdigest(),
    }
