"""Needed parts of closed folders, where all may reach them, in a mount namespace of this process (mount_namespaces(7)).

Where root's home is closed to others, this shows of it what is needed, to this process and those that it starts alone.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from pipeline.confined import CLONE_NEWNS, MS_BIND, MS_MOVE, MS_PRIVATE, MS_REC, mount, unshare


def open_up(closed: dict[Path, list[Path]]) -> None:
    """Enter such a namespace, where of each closed folder no more is to be seen than these parts. Raises OSError."""
    if not closed:
        return
    unshare(CLONE_NEWNS)
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    for folder, parts in closed.items():
        _replace(folder, parts)


def _replace(folder: Path, parts: list[Path]) -> None:
    stage = Path(tempfile.mkdtemp())
    try:
        mount("tmpfs", stage, kind="tmpfs")
        stage.chmod(0o755)
        for part in parts:
            place = stage / part.relative_to(folder)
            place.mkdir(parents=True, exist_ok=True)
            mount(part, place, flags=MS_BIND | MS_REC)
        mount(stage, folder, flags=MS_MOVE)
    finally:
        with contextlib.suppress(OSError):  # still mounted: what is in it is not ours to remove
            os.rmdir(stage)
