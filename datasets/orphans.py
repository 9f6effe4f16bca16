"""Files of data sets that belong to no version, and versions whose file is gone."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.storage import Storage
from django.db.models import Q, QuerySet
from django.utils import timezone

from datasets.caches import READING
from datasets.models import DatasetVersion, TokenCache
from pipeline.orphans import Missing, Orphan, local, missing, owner, stored

FOLDER = "datasets"
"""Of storage, for all files of data sets."""
AT_WORK = timedelta(days=1)
"""A pass may keep a file of its own, and not touch it, for so long."""


def orphans() -> Iterator[Orphan]:
    """In storage; and on this machine, of passes that nobody will continue and uploads that broke off."""
    yield from stored(_storage(), FOLDER, kind="data set", known=_known)
    yield from _local(settings.VAR_DIR / READING, kind="pass over a data set")
    yield from _local(settings.UPLOADING_DIR, kind="upload")


def rows_without_file() -> Iterator[Missing]:
    """Of data sets that were not deleted."""
    yield from missing(_storage(), FOLDER, _named())


def _storage() -> Storage:
    storage: Storage = DatasetVersion.file.field.storage
    return storage


def _versions() -> QuerySet[DatasetVersion]:
    return DatasetVersion.objects.filter(dataset__deleted_at=None)


def _caches() -> QuerySet[TokenCache]:
    return TokenCache.objects.filter(version__dataset__deleted_at=None)


def _known(names: list[str]) -> set[str]:
    """Those that a row has: by the version that a name begins with, which is quick, and what is left by itself."""
    beginnings = filter(None, (owner(name.removeprefix(f"{FOLDER}/")) for name in names))
    versions = list(beginnings)
    found = _among(_versions().filter(pk__in=versions), names) | _among(_caches().filter(version__in=versions), names)
    left = list(set(names) - found)
    by_name = Q(file__in=left) | Q(left_out__in=left)
    return found | _among(_versions().filter(by_name), left) | _among(_caches().filter(by_name), left)


def _among(rows: "QuerySet[DatasetVersion] | QuerySet[TokenCache]", names: list[str]) -> set[str]:
    return {name for pair in rows.values_list("file", "left_out") for name in pair} & set(names)


def _named() -> Iterator[tuple[str, str]]:
    for version in _versions().only("pk", "number", "dataset_id", "file", "left_out").iterator():
        for field in (version.file, version.left_out):
            yield str(version), str(field.name or "")
    for cache in _caches().only("pk", "version_id", "tokenizer", "file", "left_out").iterator():
        for field in (cache.file, cache.left_out):
            yield str(cache), str(field.name or "")


def _local(folder: Path, *, kind: str) -> Iterator[Orphan]:
    """Everything but what belongs to a version that may still be read, and what a program at work keeps for itself."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    wanted = _wanted(filter(None, (owner(path.name) for path in paths)))
    for path in paths:
        version = owner(path.name)
        if version in wanted:
            continue
        try:
            found = local(path, kind=kind)
        except FileNotFoundError:
            continue  # just ended
        if version or folder == settings.UPLOADING_DIR or timezone.now() - found.changed_at > AT_WORK:
            yield found


def _wanted(versions: Iterable[UUID]) -> set[UUID]:
    return set(_versions().filter(pk__in=list(versions)).values_list("pk", flat=True))
