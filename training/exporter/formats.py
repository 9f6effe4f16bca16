"""What an export's format has to be able to do."""

from pathlib import Path
from typing import Any, Protocol

import torch

from training.trainer.protocol import JobSpec


class Format(Protocol):
    """One kind of export."""

    read_back_by: str
    """What loads it again for the verification."""

    def write(self, run: JobSpec, adapter: Path, target: Path) -> None:
        """Write all its files into an empty folder. Raises TrainingError."""

    def load(self, run: JobSpec, target: Path, *, device: torch.device, precision: torch.dtype) -> Any:
        """What was written, as a model in evaluation mode."""
