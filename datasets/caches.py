"""Versions and their token caches between storage and this machine: fetch, read through, keep, find again."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models.fields.files import FieldFile
from filelock import FileLock, Timeout

from datasets.models import Dataset, DatasetVersion, TokenCache
from datasets.tokenizing.model_files import TokenizerNotFound, context, fingerprint
from datasets.tokenizing.program import Result, read_through
from datasets.tokenizing.run import Pass
from pipeline.base_models import ModelNotFound, Place
from pipeline.orphans import discard

Beat = Callable[[float], bool]
READING = "reading"
WAIT_SECONDS = 1.0


def tokenizer_folder(place: Place) -> Path:
    """Where the tokenizer's files of a base model lie on this host. Raises TokenizerNotFound."""
    try:
        return place.tokenizer_folder()
    except ModelNotFound as error:
        raise TokenizerNotFound(str(error)) from error


def fingerprint_at(place: Place) -> str:
    """Of the tokenizer at ``place`` with its chat template. Raises TokenizerNotFound."""
    return fingerprint(tokenizer_folder(place))


def context_at(place: Place) -> int | None:
    """The longest sequence that the model at ``place`` was made for, in tokens. Raises TokenizerNotFound."""
    return context(tokenizer_folder(place))


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
        today=version.rendered_on.isoformat(),
        folder=str(reading_folder(version, model)),
        unpacked_limit=settings.DATASET_MAX_UNPACKED_BYTES,
        row_limit=settings.DATASET_MAX_ROWS,
        processes=settings.DATASET_PROCESSES,
        file_name=version.file_name,
        choice=choice or {},
    )
    return read_through(asked, on_beat, keep)


@contextlib.contextmanager
def alone(version: DatasetVersion, model: Path, on_beat: Beat) -> Iterator[bool]:
    """Wait until no other pass of this host reads the version for the model; ``False`` when stopped meanwhile.

    Args:
        version: what is read.
        model: the folder of the tokenizer's files.
        on_beat: called once a second with 0; ``False`` ends the waiting.
    """
    lock = FileLock(reading_folder(version, model).with_suffix(".lock"))
    while True:
        try:
            lock.acquire(timeout=WAIT_SECONDS)
        except Timeout:
            if not on_beat(0.0):
                yield False
                return
        else:
            break
    try:
        yield True
    finally:
        lock.release()


def store(version: DatasetVersion, result: Result, *, tokenizer: str, is_validation: bool) -> TokenCache | None:
    """Keep what a pass has made, and clear up after it. ``None`` where the data set was deleted meanwhile.

    Args:
        version: what was read.
        result: of the pass.
        tokenizer: the model's name.
        is_validation: put it in the place of what is there, and make what it left out the data set's own report; if
            not, what is there stays: a job of another host may be reading it.
    """
    with transaction.atomic():
        cache = _keep(version, result, tokenizer, is_validation) if _is_wanted(version) else None
    shutil.rmtree(result.cache.parent, ignore_errors=True)
    return cache


def cache_for(version: DatasetVersion, place: Place, *, on_beat: Beat) -> TokenCache | None:
    """The version's tokens for the base model at ``place``, made now where there are none. ``None`` when stopped.

    Raises TokenizerNotFound, PassFailed, OSError.
    """
    model = tokenizer_folder(place)
    wanted = fingerprint(model)
    if (found := _stored(version, wanted)) is not None:
        return found
    with alone(version, model, on_beat) as is_alone:
        if not is_alone or (found := _stored(version, wanted)) is not None:
            return found
        with local(version.file) as path:
            result = read_version(version, path, model, on_beat=on_beat)
        if result is None:
            return None
        return store(version, result, tokenizer=Path(place.source).name, is_validation=False)


def _is_wanted(version: DatasetVersion) -> bool:
    """Whether its data set is still there; who deletes it has to wait for the end of this transaction."""
    datasets = Dataset.objects.select_for_update(of=["self"])
    return datasets.filter(pk=version.dataset_id, deleted_at=None).first() is not None


def _keep(version: DatasetVersion, result: Result, tokenizer: str, is_validation: bool) -> TokenCache:
    made, _ = TokenCache.objects.get_or_create(
        version=version, fingerprint=result.fingerprint, defaults={"tokenizer": tokenizer}
    )
    cache = TokenCache.objects.select_for_update(of=["self"]).select_related("version").get(pk=made.pk)
    if is_validation or not _is_there(cache):
        cache.findings = result.findings.to_dict()
        _replace(cache.left_out, result.left_out)
        _replace(cache.file, result.cache)
    if is_validation:
        old = str(version.left_out.name or "")
        with cache.left_out.open("rb") as file:
            version.left_out.save(Path(str(cache.left_out.name)).name, File(file), save=True)
        _discard_old(version.left_out, old)
    return cache


def _stored(version: DatasetVersion, wanted: str) -> TokenCache | None:
    cache = TokenCache.objects.filter(version=version, fingerprint=wanted).first()
    return cache if cache is not None and _is_there(cache) else None


def _is_there(cache: TokenCache) -> bool:
    return bool(cache.file) and cache.file.storage.exists(str(cache.file.name))


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Movable(File[bytes]):
    """A local file that storage may move instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def _replace(field: FieldFile, path: Path) -> None:
    """The new file is there, and said to be, before the old one goes: another pass over the same may have made that."""
    old = str(field.name) if field else ""
    with path.open("rb") as file:
        field.save(path.name, _Movable(file, name=str(path)), save=True)
    _discard_old(field, old)


def _discard_old(field: FieldFile, old: str) -> None:
    if old and old != field.name:
        transaction.on_commit(partial(discard, field.storage, old))


def reading_folder(version: DatasetVersion, model: Path) -> Path:
    """Where the parts of a pass lie until it is done: a folder for each version and model."""
    return _scratch() / f"{version.pk}-{hashlib.sha256(str(model).encode()).hexdigest()[:16]}"


def _scratch() -> Path:
    """Where files are read through."""
    folder: Path = settings.VAR_DIR / READING
    folder.mkdir(parents=True, exist_ok=True)
    return folder
