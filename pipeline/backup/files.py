"""The files' part: what is in storage, the runs, base models, and the key that signs sessions."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, default_storage

from pipeline.backup.archive import Reader, Writer
from pipeline.backup.errors import BackupError
from pipeline.backup.manifest import Entry
from pipeline.orphans import remove

MEDIA, RUNS, MODELS, KEY = "media", "runs", "models", "secret_key"
PASSED_OVER = (".lock", ".part")
DRAFT = "draft-"
"""A checkpoint that is being written."""


def put_stored(writer: Writer, names: Iterable[str]) -> tuple[list[Entry], list[str]]:
    """The files in storage of these names, and the names of those that are not there. Raises OSError."""
    entries, gone = [], []
    for name in sorted(names):
        try:
            with default_storage.open(name) as file:
                entries.append(writer.put(f"{MEDIA}/{name}", file, file.size))
        except FileNotFoundError:
            gone.append(name)
    return entries, gone


def put_folder(writer: Writer, name: str, folder: Path) -> list[Entry]:
    """A folder of this machine, as far as it stands still: what goes meanwhile is left out. Raises OSError."""
    entries = []
    for path in _files(folder):
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                entries.append(writer.put(f"{name}/{path.relative_to(folder)}", file, size))
        except FileNotFoundError:
            continue
    return entries


def put_key(writer: Writer) -> list[Entry]:
    """The key, where it is not the environment's."""
    path = settings.VAR_DIR / KEY
    if os.environ.get("PIPELINE_SECRET_KEY") or not path.exists():
        return []
    with path.open("rb") as file:
        return [writer.put(KEY, file, os.fstat(file.fileno()).st_size)]


def require_empty(reader: Reader) -> None:
    """Raises BackupError where there are runs, or files in the folders of storage that are to be restored."""
    folders = {entry.name.split("/")[1] for entry in reader.manifest.below(MEDIA)}
    taken = [f"{folder}/ in storage" for folder in sorted(folders) if _has_files(default_storage, folder)]
    if reader.manifest.below(RUNS) and any(path.is_dir() for path in _entries(settings.RUNS_DIR)):
        taken.append(str(settings.RUNS_DIR))
    if taken:
        raise BackupError(
            f"There are files already: {', '.join(taken)}. Restore into an empty PIPELINE_VAR, or say --overwrite."
        )


class Restored:
    """Files that were put in their places, and can be taken away again."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._undo: list[Callable[[], None]] = []

    def put(self) -> None:
        """All but the key. Raises OSError, BackupError."""
        manifest = self._reader.manifest
        for entry in manifest.below(MEDIA):
            self._store(entry)
        for name, folder in ((RUNS, settings.RUNS_DIR), (MODELS, settings.MODELS_DIR)):
            for entry in manifest.below(name):
                self._write(entry, _inside(folder, entry.name.removeprefix(f"{name}/")))

    def put_key(self) -> bool:
        """``False`` where the back-up has none, or the environment's counts."""
        entries = [entry for entry in self._reader.manifest.entries if entry.name == KEY]
        if not entries or os.environ.get("PIPELINE_SECRET_KEY"):
            return False
        self._write(entries[0], settings.VAR_DIR / KEY)
        return True

    def take_away(self) -> None:
        """As if nothing had been put there."""
        for undo in reversed(self._undo):
            undo()

    def _store(self, entry: Entry) -> None:
        name = entry.name.removeprefix(f"{MEDIA}/")
        default_storage.delete(name)
        with self._reader.open(entry) as file:
            kept = default_storage.save(name, _Sized(file, entry.size))
        self._undo.append(lambda: default_storage.delete(kept))
        if kept != name:
            raise BackupError(f"{name} could not be stored under its name.")

    def _write(self, entry: Entry, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.part")
        self._undo.append(lambda: remove(draft))
        with self._reader.open(entry) as source, open(draft, "wb", opener=_private) as target:
            while chunk := source.read(1024**2):
                target.write(chunk)
        draft.replace(path)
        if path.name != KEY:
            self._undo.append(lambda: remove(path))


class _Sized(File):  # type: ignore[type-arg]
    """A file of a tar, which does not know its own size as storage asks for it."""

    def __init__(self, file: object, size: int) -> None:
        super().__init__(file)  # type: ignore[arg-type]
        self.size = size


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _inside(folder: Path, name: str) -> Path:
    """Raises BackupError for a name that leads elsewhere."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise BackupError(f"{name} is no name of a file in a back-up. Nothing was restored.")
    return path


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        is_draft = any(part.startswith(DRAFT) for part in path.relative_to(folder).parts)
        if path.is_file() and not path.is_symlink() and not is_draft and path.suffix not in PASSED_OVER:
            yield path


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _has_files(storage: Storage, folder: str) -> bool:
    try:
        return any(storage.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return False
