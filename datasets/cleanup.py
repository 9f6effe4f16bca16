"""Files go with what they belong to: with their rows, with a deleted data set, and after a pass that nobody wants."""

import logging
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.db.models.signals import post_delete
from django.dispatch import receiver

from datasets.caches import READING
from datasets.models import DatasetVersion, TokenCache

logger = logging.getLogger(__name__)

UPLOADING = "uploading"
"""The folder of files that are being uploaded."""
ABANDONED_SECONDS = 24 * 3600
"""An upload that broke off left its file this long ago."""


def discard_files(version: DatasetVersion) -> None:
    """Remove all of a version's files once that is committed, those of a pass that was stopped among them."""
    for cache in version.caches.all():
        _cache_deleted(TokenCache, cache)
    for field in (version.file, version.left_out):
        _discard(field)
    transaction.on_commit(partial(_discard_reading, version.pk))


def prune() -> int:
    """Remove what passes and uploads left behind that nobody will continue; returns how many files and folders.

    Of a pass: where its version is gone, or its data set was deleted.
    """
    reading = list(_reading())
    wanted = set(
        DatasetVersion.objects.filter(pk__in={pk for pk, _ in reading}, dataset__deleted_at=None).values_list(
            "pk", flat=True
        )
    )
    superfluous = [path for pk, path in reading if pk not in wanted]
    for path in (*superfluous, *(abandoned := list(_abandoned()))):
        _remove(path)
        logger.info("%s was left behind and is removed", path)
    return len(superfluous) + len(abandoned)


@receiver(post_delete, sender=DatasetVersion)
def _version_deleted(sender: object, instance: DatasetVersion, **_: object) -> None:
    discard_files(instance)


@receiver(post_delete, sender=TokenCache)
def _cache_deleted(sender: object, instance: TokenCache, **_: object) -> None:
    _discard(instance.file)
    _discard(instance.left_out)


def _discard(field: FieldFile) -> None:
    if field:
        transaction.on_commit(partial(_delete, field))


def _delete(field: FieldFile) -> None:
    """Delete a stored file, unless a version that still is read in another way has the same."""
    name = str(field.name)
    if not DatasetVersion.objects.filter(file=name, dataset__deleted_at=None).exists():
        field.storage.delete(name)


def _discard_reading(version: UUID) -> None:
    for pk, path in _reading():
        if pk == version:
            _remove(path)


def _reading() -> Iterator[tuple[UUID, Path]]:
    """What passes have on this machine's disk, each with its version."""
    for path in (settings.VAR_DIR / READING).glob("*-*"):
        try:
            yield UUID(path.name.rpartition("-")[0]), path
        except ValueError:
            continue  # a folder that a program at work keeps for itself


def _abandoned() -> Iterator[Path]:
    for path in (settings.VAR_DIR / UPLOADING).glob("*.upload"):
        if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
            yield path


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
