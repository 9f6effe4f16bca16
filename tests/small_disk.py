"""A disk that can be filled up, or made read-only: a file system of its own in memory, which root alone may mount."""

import contextlib
import errno
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path


class CannotMount(Exception):
    """Not as this user, or not in this container."""


class DiskBusy(Exception):
    """It cannot become read-only just now."""


class SmallDisk:
    """A folder that is one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / ".ballast"

    def fill(self) -> None:
        """Leave no room, not for one byte."""
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self) -> None:
        """Take out what ``fill`` put in."""
        self._ballast.unlink(missing_ok=True)

    def read_only(self, is_read_only: bool) -> None:
        """Raises DiskBusy when somebody has a file open for writing, and keeps it so."""
        command = ["mount", "-o", f"remount,{'ro' if is_read_only else 'rw'}", str(self.folder)]
        for _ in range(100):
            if subprocess.run(command, check=False, capture_output=True).returncode == 0:
                return
            time.sleep(0.02)
        raise DiskBusy(str(self.folder))


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[SmallDisk]:
    """Mount one on ``folder`` (``size``: as mount has it, 32m). Raises CannotMount."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = folder.stat()
    options = f"size={size},uid={owner.st_uid},gid={owner.st_gid},mode={owner.st_mode & 0o777:o}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMount(done.stderr.strip())
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
