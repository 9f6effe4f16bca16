"""Versions and their token caches between storage and this machine: fetch, read through, keep, find again."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db.models.fields.files import FieldFile

from datasets.models import DatasetVersion, TokenCache
from datasets.tokenizing.program import Result, read_through
from datasets.tokenizing.run import Pass
from datasets.tokenizing.tokens import TokenizerNotFound, fingerprint
from pipeline.base_models import ModelNotFound, Place

Beat = Callable[[float], bool]
READING = "reading"


def tokenizer_folder(place: Place) -> Path:
    """Where the tokenizer's files of a base model lie on this host. Raises TokenizerNotFound."""
    try:
        return place.tokenizer_folder()
    except ModelNotFound as error:
        raise TokenizerNotFound(str(error)) from error


@contextlib.contextmanager
def local(file: FieldFile) -> Iterator[Path]:
    """A stored file as a path: the file itself where storage is a folder, otherwise a copy for the time being.

    Raises FileNotFoundError.
    """
    try:
        path = Path(file.path)
    except NotImplementedError:  # storage elsewhere
        with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
            copy = Path(folder) / Path(str(file.name)).name
            with file.open("rb") as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target)
            yield copy
    else:
        path.stat()  # tells here, and not in the program that reads it, that it is gone
        yield path


def read_version(
    version: DatasetVersion,
    path: Path,
    model: Path,
    *,
    on_beat: Beat,
    choice: dict[str, Any] | None = None,
) -> Result | None:
    """Check and tokenize a version for a model. ``None`` when stopped; what was done is continued the next time.

    Args:
        version: what is read.
        path: its file on this machine.
        model: the folder of the tokenizer's files.
        on_beat: called once a second with the share that is done; ``False`` stops it.
        choice: what the owner chose of how it is read, where that is to be found out anew; kept with the version.

    Raises PassFailed, OSError.
    """
    if not version.sha256:
        version.sha256 = sha256(path)
        version.save(update_fields=["sha256"])

    def keep(options: dict[str, Any], columns: list[str]) -> None:
        version.options, version.columns = options, columns
        version.save(update_fields=["options", "columns"])

    asked = Pass(
        path=str(path),
        sha256=version.sha256,
        options=version.options if choice is None else {},
        tokenizer=str(model),
        folder=str(reading_folder(version, model)),
        unpacked_limit=settings.DATASET_MAX_UNPACKED_BYTES,
        row_limit=settings.DATASET_MAX_ROWS,
        processes=settings.DATASET_PROCESSES,
        file_name=version.file_name,
        choice=choice or {},
    )
    return read_through(asked, on_beat, keep)


def store(version: DatasetVersion, result: Result, *, tokenizer: str) -> TokenCache:
    """Keep what a pass has made, and clear up after it."""
    cache, _ = TokenCache.objects.get_or_create(
        version=version, fingerprint=result.fingerprint, defaults={"tokenizer": tokenizer}
    )
    _replace(cache.file, result.cache)
    _replace(version.left_out, result.left_out)
    shutil.rmtree(result.cache.parent, ignore_errors=True)
    return cache


def cache_for(version: DatasetVersion, place: Place, *, on_beat: Beat) -> TokenCache | None:
    """The version's tokens for the base model at ``place``, made now where there are none. ``None`` when stopped.

    Raises TokenizerNotFound, PassFailed, OSError.
    """
    model = tokenizer_folder(place)
    cache = TokenCache.objects.filter(version=version, fingerprint=fingerprint(model)).exclude(file="").first()
    if cache is not None and cache.file.storage.exists(str(cache.file.name)):
        return cache
    with local(version.file) as path:
        result = read_version(version, path, model, on_beat=on_beat)
    return None if result is None else store(version, result, tokenizer=Path(place.source).name)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Movable(File[bytes]):
    """A local file that storage may move instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def _replace(field: FieldFile, path: Path) -> None:
    if field:
        field.delete(save=False)
    with path.open("rb") as file:
        field.save(path.name, _Movable(file, name=str(path)), save=True)


def reading_folder(version: DatasetVersion, model: Path) -> Path:
    """Where the parts of a pass lie until it is done: a folder for each version and model."""
    return _scratch() / f"{version.pk}-{hashlib.sha256(str(model).encode()).hexdigest()[:16]}"


def _scratch() -> Path:
    """Where files are read through."""
    folder: Path = settings.VAR_DIR / READING
    folder.mkdir(parents=True, exist_ok=True)
    return folder
