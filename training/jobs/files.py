"""An artifact's file goes with its row."""

from functools import partial

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from pipeline.orphans import discard
from training.models import Artifact


@receiver(post_delete, sender=Artifact)
def _artifact_deleted(sender: object, instance: Artifact, **_: object) -> None:
    if instance.file:
        transaction.on_commit(partial(discard, instance.file.storage, str(instance.file)))
