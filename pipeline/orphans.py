"""Files that belong to no row, and rows whose file is gone: how both are found and told of, whatever they are of."""

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.core.files.storage import Storage
from django.utils import timezone

logger = logging.getLogger(__name__)

OLD = timedelta(hours=1)
"""What is younger may be an upload, or an attempt's adapter, whose row is about to be written."""
AT_ONCE = 1000
"""Names that one query is about."""


@dataclass(frozen=True)
class Orphan:
    """A file, or a folder with what is in it, that no row names."""

    kind: str
    path: str
    size: int
    changed_at: datetime
    remove: Callable[[], None]

    @property
    def is_old(self) -> bool:
        """Whether nobody can be about to write the row that it belongs to."""
        return timezone.now() - self.changed_at > OLD


@dataclass(frozen=True)
class Missing:
    """A row whose file is not there."""

    row: str
    path: str


def discard(storage: Storage, name: str) -> None:
    """Remove a file whose row is gone. If storage does not let go of it, it is an orphan, and removed later."""
    try:
        storage.delete(name)
    except OSError as error:
        logger.warning("%s could not be removed, which will be tried again: %s", name, error)


def remove_old(orphans: Iterable[Orphan]) -> int:
    """Remove those that are old; returns how many."""
    old = [orphan for orphan in orphans if orphan.is_old]
    for orphan in old:
        logger.info("%s belonged to no %s and is removed", orphan.path, orphan.kind)
        orphan.remove()
    return len(old)


def stored(storage: Storage, folder: str, *, kind: str, known: Callable[[list[str]], set[str]]) -> Iterator[Orphan]:
    """The files of a folder of storage that no row names.

    Args:
        storage: asked for its names before the rows are: a file is stored before its row is written.
        folder: in it.
        kind: what they would belong to.
        known: which of some names rows have.
    """
    for names in _chunks(listing(storage, folder)):
        for name in sorted(set(names) - known(names)):
            try:
                size, changed_at = storage.size(name), storage.get_modified_time(name)
            except FileNotFoundError:
                continue  # its row went, and it with it
            yield Orphan(kind, name, size, changed_at, lambda name=name: storage.delete(name))  # type: ignore[misc]


def missing(storage: Storage, folder: str, rows: Iterable[tuple[str, str]]) -> Iterator[Missing]:
    """Rows (what they are, and the name of their file) whose file is not in that folder."""
    there = set(listing(storage, folder))
    for row, name in rows:
        if name and name not in there and not storage.exists(name):  # it may have come meanwhile
            yield Missing(row, name)


def listing(storage: Storage, folder: str) -> list[str]:
    """The names of the files in a folder of storage; none where there is no such folder."""
    try:
        _, files = storage.listdir(folder)
    except FileNotFoundError:
        return []
    return [f"{folder}/{file}" for file in files]


def local(path: Path, *, kind: str) -> Orphan:
    """A file or folder of this machine as an orphan: as old as the youngest file in it. Raises FileNotFoundError."""
    inside = [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
    stats = [file.lstat() for file in (path, *inside)]
    size = sum(stat.st_size for file, stat in zip((path, *inside), stats, strict=True) if not file.is_dir())
    changed = datetime.fromtimestamp(max(stat.st_mtime for stat in stats), tz=timezone.get_default_timezone())
    return Orphan(kind, str(path), size, changed, lambda: remove(path))


def remove(path: Path) -> None:
    """A file or folder of this machine, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def owner(name: str) -> UUID | None:
    """The id that a file's name begins with: of what it belongs to."""
    try:
        return UUID(name[:36])
    except ValueError:
        return None


def _chunks(names: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while chunk := list(islice(rest, AT_ONCE)):
        yield chunk
