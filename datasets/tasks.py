"""Celery tasks, thin: messages are nudges, the database says what is to be done."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from datasets import validation
from datasets.models import Dataset

logger = logging.getLogger(__name__)

NUDGE_AGAIN_AFTER = timedelta(seconds=30)


def nudge(dataset: Dataset) -> None:
    """Tell a worker that the data set waits. A broker that is down is no harm: the sweep tells again."""
    Dataset.objects.filter(pk=dataset.pk).update(nudged_at=timezone.now())
    try:
        validate_dataset.apply_async((str(dataset.pk),), retry=False)
    except OperationalError:
        logger.warning("data set %s: the broker did not take the message; the sweep will send it again", dataset.pk)


@shared_task
def validate_dataset(dataset_id: str) -> None:
    validation.validate(UUID(dataset_id))


@shared_task
def sweep() -> None:
    """Send again what was lost: uploads nobody validates, and validations whose worker fell silent."""
    for dataset in Dataset.objects.awaiting_validation(NUDGE_AGAIN_AFTER, validation.SILENCE):
        nudge(dataset)
