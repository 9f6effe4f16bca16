"""Files go with what they belong to: with their rows, with a deleted data set, and after a pass that nobody wants."""

from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.db.models.signals import post_delete
from django.dispatch import receiver

from datasets.caches import READING
from datasets.models import DatasetVersion, TokenCache
from datasets.orphans import orphans
from pipeline.orphans import discard, remove, remove_old


def discard_files(version: DatasetVersion) -> None:
    """Remove all of a version's files once that is committed, those of a pass that was stopped among them."""
    for cache in version.caches.all():
        _cache_deleted(TokenCache, cache)
    for field in (version.file, version.left_out):
        _discard(field)
    transaction.on_commit(partial(_discard_reading, version.pk))


def prune() -> int:
    """Remove what passes, uploads and crashes left behind; returns how many files and folders."""
    return remove_old(orphans())


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
        discard(field.storage, name)


def _discard_reading(version: UUID) -> None:
    """What passes over it have on this machine's disk."""
    for path in (settings.VAR_DIR / READING).glob(f"{version}-*"):
        remove(path)
