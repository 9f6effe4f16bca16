"""How far a run has come, over all its attempts; and what a run must be to go on from there."""

import hashlib
import json
import math
from array import array
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
    "warmup_share",
    "seed",
    "quantization",
)
"""What decides the result besides hyperparameters, the base model's revision and the data. Device, precision,
micro-batches and gradient checkpointing may change between attempts."""


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
    """All that decides the result, by name, the data as a digest (SHA-256) of its tokens and labels.

    Checkpoints carry it and are refused by a run with another. The revision is there only when one is set, so that
    checkpoints from before there were revisions stay of use.
    """
    digest = hashlib.sha256()
    for example in examples:
        digest.update(array("q", [len(example.ids), *example.ids, *example.labels]).tobytes())
    revision = {"model_revision": spec.model_revision} if spec.model_revision else {}
    return {
        **{name: getattr(spec, name) for name in BINDING},
        **spec.hyperparameters,
        **revision,
        "data": digest.hexdigest(),
    }
