"""What is kept is its owner's alone: no right for others on any of it, whatever an earlier start left."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pipeline.addresses import LaunchError
from pipeline.embedded.places import own_folder, server_uid

DATABASE = "postgres"
"""PostgreSQL sees to its own files."""


def own(var: Path) -> None:
    """Make the folder the unprivileged user's. Raises LaunchError where it is somebody else's."""
    own_folder(var)
    if (owner := var.stat().st_uid) != server_uid():
        raise LaunchError(
            f"{var} belongs to user {owner}. Start Pipeline as that user, or set PIPELINE_VAR to another folder."
        )


def hand_over(var: Path) -> None:
    """As root: make all that root left there the unprivileged user's."""
    for name, found, folder in _entries(var):
        is_linked = found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode)  # it may be a file from elsewhere
        if found.st_uid == 0 and not is_linked:
            os.chown(name, server_uid(), -1, dir_fd=folder, follow_symlinks=False)


def tighten(var: Path) -> None:
    """Take away what others may do with folders and files that are this user's."""
    for name, found, folder in _entries(var):
        if found.st_uid == os.getuid() and found.st_mode & 0o077 and not stat.S_ISLNK(found.st_mode):
            os.chmod(name, stat.S_IMODE(found.st_mode) & ~0o077, dir_fd=folder)


def _entries(var: Path) -> Iterator[tuple[str, os.stat_result, int]]:
    """All in the folder, by name and the folder that it is in; links are told of, and not followed."""
    for path, folders, files, descriptor in os.fwalk(var):
        if Path(path) == var and DATABASE in folders:
            folders.remove(DATABASE)
        for name in (*folders, *files):
            try:
                found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except FileNotFoundError:  # it went meanwhile
                continue
            yield name, found, descriptor
