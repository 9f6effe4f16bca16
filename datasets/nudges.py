"""Messages that tell the worker of data sets that one waits. The database says what is to be done."""

from datetime import timedelta

from django.utils import timezone

from datasets.models import Dataset
from pipeline.nudges import AGAIN_AFTER, MOST_AT_ONCE, send, send_again

VALIDATE = "datasets.tasks.validate_dataset"


def nudge(dataset: Dataset) -> None:
    """Tell a worker that the data set waits."""
    Dataset.objects.filter(pk=dataset.pk).update(nudged_at=timezone.now())
    send(VALIDATE, str(dataset.pk))


def sweep(silence: timedelta) -> None:
    """Send again what was lost: uploads nobody reads, and readings without a heartbeat for so long."""
    lost = Dataset.objects.awaiting_validation(AGAIN_AFTER, silence)[:MOST_AT_ONCE]
    found = [str(pk) for pk in lost.values_list("pk", flat=True)]
    Dataset.objects.filter(pk__in=found).update(nudged_at=timezone.now())
    send_again(VALIDATE, found, waiting=Dataset.objects.being_read().count())
