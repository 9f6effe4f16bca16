"""Checkpoints: one file with all that a run needs to go on as if it had never stopped.

A checkpoint is written aside, synced and renamed, so a file of its name is always whole.
"""

import os
import re
from pathlib import Path
from typing import Any

import torch

KEPT = 2
NAME = re.compile(r"step-(\d+)\.pt")


def save(directory: Path, step: int, state: dict[str, Any]) -> Path:
    """Store the state after ``step``; the oldest checkpoints beyond the last KEPT are removed."""
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"step-{step:08d}.pt"
    draft = target.with_suffix(".draft")
    with draft.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    for old in _all(directory)[:-KEPT]:
        old.unlink()
    return target


def latest(directory: Path) -> dict[str, Any] | None:
    """The state of the last checkpoint, or ``None`` where there is none."""
    found = _all(directory)
    if not found:
        return None
    state: dict[str, Any] = torch.load(found[-1], map_location="cpu", weights_only=True)
    return state


def _all(directory: Path) -> list[Path]:
    return sorted(path for path in directory.glob("step-*.pt") if NAME.fullmatch(path.name))


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """This process's random state."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
