"""Messages that tell the worker of data sets that one waits. The database says what is to be done."""

from django.utils import timezone

from datasets.models import Dataset
from pipeline.nudges import send

VALIDATE = "datasets.tasks.validate_dataset"


def nudge(dataset: Dataset) -> None:
    """Tell a worker that the data set waits."""
    Dataset.objects.filter(pk=dataset.pk).update(nudged_at=timezone.now())
    send(VALIDATE, str(dataset.pk))
