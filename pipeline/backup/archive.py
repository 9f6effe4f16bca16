"""The folder or tar file that a back-up is: whole under its name, or not there."""

import contextlib
import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Protocol

from pipeline.backup.errors import BackupError
from pipeline.backup.manifest import NAME, Entry, Manifest
from pipeline.orphans import remove


class Writer(Protocol):
    """Takes files in."""

    def put(self, name: str, source: IO[bytes], size: int) -> Entry:
        """Raises OSError."""


class Hashed:
    """A file that is read once, with what identifies what was read. No more than ``size`` bytes are."""

    def __init__(self, source: IO[bytes], size: int) -> None:
        self._source = source
        self._left = size
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(chunk)
        self._digest.update(chunk)
        return chunk

    def entry(self, name: str, size: int) -> Entry:
        """Raises OSError where it was shorter than said."""
        if self._left:
            raise OSError(f"{name} became shorter while it was read")
        return Entry(name, size, self._digest.hexdigest())


class FolderWriter:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700)

    def put(self, name: str, source: IO[bytes], size: int) -> Entry:
        path, hashed = self._folder / name, Hashed(source, size)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as target:
            shutil.copyfileobj(hashed, target)
            target.flush()
            os.fsync(target.fileno())
        return hashed.entry(name, size)


class TarWriter:
    """Files in a tar file."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def put(self, name: str, source: IO[bytes], size: int) -> Entry:
        info, hashed = tarfile.TarInfo(name), Hashed(source, size)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, hashed)
        return hashed.entry(name, size)


@contextlib.contextmanager
def writing(target: Path) -> Iterator[Writer]:
    """A back-up that is made aside, and gets its name if the block ends well. Raises BackupError, OSError."""
    if target.exists():
        raise BackupError(f"{target} is there already. Name another, or remove it.")
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".tar":
            with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
                with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    yield TarWriter(tar)
                file.flush()
                os.fsync(file.fileno())
        else:
            yield FolderWriter(draft)
        draft.rename(target)
    finally:
        remove(draft)


class Reader:
    """A back-up to be restored."""

    def __init__(self, source: Path, tar: tarfile.TarFile | None) -> None:
        self._source = source
        self._tar = tar
        self.manifest = Manifest.from_json(self._manifest())

    def open(self, entry: Entry) -> IO[bytes]:
        """Raises BackupError, OSError."""
        return self._open(entry.name)

    def check(self) -> None:
        """Read all of it, and hold it against the manifest. Raises BackupError."""
        for entry in self.manifest.entries:
            with self.open(entry) as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
            if digest != entry.sha256:
                raise BackupError(f"{entry.name} in {self._source} is damaged. Nothing was restored: use another one.")

    def _open(self, name: str) -> IO[bytes]:
        try:
            file = self._tar.extractfile(name) if self._tar else (self._source / name).open("rb")
        except (KeyError, FileNotFoundError) as error:
            raise BackupError(f"{self._source} lacks {name}. Nothing was restored.") from error
        if file is None:
            raise BackupError(f"{name} in {self._source} is no file. Nothing was restored.")
        return file

    def _manifest(self) -> bytes:
        with self._open(NAME) as file:
            return file.read()


@contextlib.contextmanager
def reading(source: Path) -> Iterator[Reader]:
    """A folder or tar file that ``writing`` made. Raises BackupError, OSError."""
    if source.is_dir():
        yield Reader(source, None)
        return
    try:
        tar = tarfile.open(source, "r:")  # noqa: SIM115 - closed below
    except (tarfile.TarError, FileNotFoundError) as error:
        raise BackupError(f"{source} is no back-up that “manage.py backup” made ({error}).") from error
    with tar:
        yield Reader(source, tar)


def put_bytes(writer: Writer, name: str, content: bytes) -> Entry:
    """A small file. Raises OSError."""
    return writer.put(name, BytesIO(content), len(content))
