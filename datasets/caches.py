"""Versions and their token caches between storage and this machine: fetch, read through, keep, find again."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.db.models.fields.files import FieldFile
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from datasets.formats.detect import Detected, detect
from datasets.models import Dataset, DatasetVersion, TokenCache
from datasets.tokenizing.program import Result, read_through
from datasets.tokenizing.run import Pass
from datasets.tokens import TokenizerNotFound, fingerprint

TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "config.json"]
Beat = Callable[[float], bool]


def model_directory(source: str) -> Path:
    """A model's folder: in the models directory, by its path, or by its id on the hub. Raises TokenizerNotFound."""
    folder = settings.MODELS_DIR / source
    if folder.is_dir() or source.count("/") != 1:
        return folder
    try:
        offline = os.environ.get("HF_HUB_OFFLINE", "1") != "0"
        return Path(snapshot_download(source, allow_patterns=TOKENIZER_FILES, local_files_only=offline))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        raise TokenizerNotFound(
            f"The tokenizer of {source} is not on this worker. Put the model into the models directory, or set "
            "HF_HUB_OFFLINE=0 to have it fetched."
        ) from error


@contextlib.contextmanager
def local(file: FieldFile) -> Iterator[Path]:
    """A stored file as a path: the file itself where storage is a folder, otherwise a copy for the time being."""
    try:
        path = Path(file.path)
    except NotImplementedError:  # storage elsewhere
        with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
            copy = Path(folder) / Path(str(file.name)).name
            with file.open("rb") as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target)
            yield copy
    else:
        yield path


def detect_version(version: DatasetVersion, path: Path, dataset: Dataset) -> Detected:
    """What the file is, given what its owner chose. Raises FileProblem."""
    with tempfile.TemporaryDirectory(dir=_scratch()) as scratch:
        return detect(
            path,
            version.file_name,
            limit=settings.DATASET_MAX_UNPACKED_BYTES,
            scratch=Path(scratch),
            shape=dataset.chosen_shape,
            mapping=dataset.mapping,
            tool_calls=dataset.tool_calls,
        )


def read_version(version: DatasetVersion, path: Path, model: Path, *, on_beat: Beat) -> Result | None:
    """Check and tokenize a version for a model. ``None`` when stopped; what was done is continued the next time.

    Raises PassFailed, OSError.
    """
    if not version.sha256:
        version.sha256 = sha256(path)
        version.save(update_fields=["sha256"])
    name = hashlib.sha256(str(model).encode()).hexdigest()[:16]
    asked = Pass(
        path=str(path),
        sha256=version.sha256,
        options=version.options,
        tokenizer=str(model),
        folder=str(_scratch() / f"{version.pk}-{name}"),
        unpacked_limit=settings.DATASET_MAX_UNPACKED_BYTES,
        row_limit=settings.DATASET_MAX_ROWS,
        processes=settings.DATASET_PROCESSES,
    )
    return read_through(asked, on_beat)


def store(version: DatasetVersion, result: Result, *, tokenizer: str) -> TokenCache:
    """Keep what a pass has made, and clear up after it."""
    cache, _ = TokenCache.objects.get_or_create(
        version=version, fingerprint=result.fingerprint, defaults={"tokenizer": tokenizer}
    )
    _replace(cache.file, result.cache)
    _replace(version.left_out, result.left_out)
    shutil.rmtree(result.cache.parent, ignore_errors=True)
    return cache


def cache_for(version: DatasetVersion, source: str, *, on_beat: Beat) -> TokenCache | None:
    """The version's tokens for the model at ``source``, made now where there are none. ``None`` when stopped.

    Raises TokenizerNotFound, PassFailed, OSError.
    """
    model = model_directory(source)
    cache = TokenCache.objects.filter(version=version, fingerprint=fingerprint(model)).exclude(file="").first()
    if cache is not None and cache.file.storage.exists(str(cache.file.name)):
        return cache
    with local(version.file) as path:
        result = read_version(version, path, model, on_beat=on_beat)
    return None if result is None else store(version, result, tokenizer=Path(source).name)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Movable(File):
    """A local file that storage may move instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def _replace(field: FieldFile, path: Path) -> None:
    if field:
        field.delete(save=False)
    with path.open("rb") as file:
        field.save(path.name, _Movable(file, name=str(path)), save=True)


def _scratch() -> Path:
    """Where files are read through; the parts of a pass lie here until it is done."""
    folder: Path = settings.VAR_DIR / "reading"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
