"""Messages that tell the worker of data sets that one waits. The database says what is to be done."""

import logging
from datetime import timedelta

from celery import current_app
from django.utils import timezone
from kombu.exceptions import OperationalError

from datasets.models import Dataset

logger = logging.getLogger(__name__)

VALIDATE = "datasets.tasks.validate_dataset"
AGAIN_AFTER = timedelta(seconds=30)


def nudge(dataset: Dataset) -> None:
    """Tell a worker that the data set waits. A broker that is down is no harm: the sweep tells again."""
    Dataset.objects.filter(pk=dataset.pk).update(nudged_at=timezone.now())
    try:
        current_app.send_task(VALIDATE, (str(dataset.pk),), retry=False)
    except OperationalError:
        logger.warning("data set %s: the broker did not take the message; the sweep will send it again", dataset.pk)
