"""Checkpoints on disk: folders that are whole, or not there. Loads no PyTorch.

A checkpoint is written aside, synced to the disk with a manifest of all its files, and renamed. Its manifest is checked
before it is used, so neither a crash nor a failing disk can bring half of one into a run.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import TrainingError

FOLDER = "checkpoints"
KEPT = 2
NAME = re.compile(r"step-(\d{8})")
MANIFEST = "manifest.json"
FORMAT = 1


class Damaged(Exception):
    """A checkpoint is not what its manifest says, or has none."""


@dataclass(frozen=True)
class Saved:
    """A checkpoint that is whole: the state after ``step``."""

    path: Path
    step: int
    configuration: dict[str, Any]

    @property
    def adapter(self) -> Path:
        """The folder of the adapter, complete in itself."""
        return self.path / "adapter"


def at(directory: Path, step: int, configuration: dict[str, Any]) -> Saved:
    """The checkpoint of ``step`` as it is, or as it will be when written. ``configuration``: see progress.py."""
    return Saved(path=_path(directory, step), step=step, configuration=configuration)


@contextlib.contextmanager
def writing(saved: Saved) -> Iterator[Path]:
    """A folder to put files into; it becomes the checkpoint if the block ends well.

    All but the last KEPT checkpoints are then removed.
    """
    directory = saved.path.parent
    draft = directory / f"draft-{saved.step}"
    draft.mkdir(parents=True)
    try:
        yield draft
        _seal(draft, {"format": FORMAT, "step": saved.step, "configuration": saved.configuration})
        draft.rename(saved.path)
        _sync(directory)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    for old in _steps(directory)[:-KEPT]:
        shutil.rmtree(_path(directory, old))


def newest(directory: Path, on_damage: Callable[[str], None] = lambda _: None) -> Saved | None:
    """The last checkpoint that is whole; ``on_damage`` is told of each that was passed over."""
    for step in reversed(_steps(directory)):
        try:
            return _check(_path(directory, step), step)
        except Damaged as error:
            on_damage(f"The checkpoint of step {step} is damaged and not used: {error}")
    return None


def discard_after(directory: Path, step: int) -> None:
    """Remove what dead attempts left half-written, and damaged checkpoints of later steps."""
    for draft in directory.glob("draft-*"):
        shutil.rmtree(draft)
    for later in _steps(directory):
        if later > step:
            shutil.rmtree(_path(directory, later))


def require_configuration(saved: Saved, configuration: dict[str, Any]) -> None:
    """Raises TrainingError when the checkpoint is of a run with other settings or data."""
    keys = sorted(saved.configuration.keys() | configuration.keys())
    differences = [
        f"{key.replace('_', ' ')} was {saved.configuration.get(key, 'not set')} "
        f"and is {configuration.get(key, 'not set')}"
        for key in keys
        if saved.configuration.get(key) != configuration.get(key)
    ]
    if differences:
        raise TrainingError(
            "checkpoint_mismatch",
            f"The checkpoint of step {saved.step} is of a run with other settings or data, and cannot be continued: "
            f"{'; '.join(differences)}. Undo the change, or start a new job.",
        )


def _path(directory: Path, step: int) -> Path:
    return directory / f"step-{step:08d}"


def _steps(directory: Path) -> list[int]:
    """Steps of which there is a checkpoint, whole or not, in order."""
    return sorted(int(match[1]) for path in directory.glob("step-*") if (match := NAME.fullmatch(path.name)))


def _seal(folder: Path, facts: dict[str, Any]) -> None:
    """Write the manifest, and bring all that is in the folder to the disk."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listed = {str(path.relative_to(folder)): _figures(path) for path in files}
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps(facts | {"files": listed}, indent=1) + "\n")
    for path in (*files, manifest, *(path for path in folder.rglob("*") if path.is_dir()), folder):
        _sync(path)


def _check(folder: Path, step: int) -> Saved:
    """Raises Damaged, saying what is wrong."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        if (manifest["format"], manifest["step"]) != (FORMAT, step):
            raise Damaged("its manifest is of another step or format")
        for name, figures in manifest["files"].items():
            if _figures(folder / name) != figures:
                raise Damaged(f"{name} has other contents than were written")
        return at(folder.parent, step, manifest["configuration"])
    except FileNotFoundError as error:
        raise Damaged(f"{Path(error.filename).name} is missing") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged("its manifest cannot be read") from error


def _figures(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": os.fstat(file.fileno()).st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _sync(path: Path) -> None:
    """Have the disk hold what was written to a file, or a folder's entries."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
