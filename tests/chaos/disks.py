"""The disks of the scene, that fill up and become read-only for a while: what is stored, and what trainers write."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.small_disk import CannotMount, SmallDisk, small_disk

SIZES = {"media": "192m", "runs": "192m", "uploading": "24m", "reading": "48m"}
FULL, READ_ONLY = "full disk", "read-only storage"


class Disks:
    """One for each folder of ``var`` that people or trainers fill; none where no file system can be mounted."""

    def __init__(self, var: Path) -> None:
        self._var = var
        self._disks: dict[str, SmallDisk] = {}

    @contextlib.contextmanager
    def mounted(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                for name, size in SIZES.items():
                    self._disks[name] = stack.enter_context(small_disk(self._var / name, size))
            except CannotMount as error:
                self._disks.clear()
                print(f"left out, since nothing can be mounted here ({error}): {FULL}, {READ_ONLY}", flush=True)
            yield

    def faults(self) -> list[tuple[str, str]]:
        """Kind of fault and folder."""
        return [(kind, name) for kind in (FULL, READ_ONLY) for name in self._disks]

    def spoil(self, kind: str, name: str) -> Callable[[], None]:
        """Begin a fault; returns what ends it."""
        disk = self._disks[name]
        if kind == FULL:
            disk.fill()
            return disk.empty
        disk.read_only(True)
        return lambda: disk.read_only(False)
