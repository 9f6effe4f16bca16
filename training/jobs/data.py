"""Which data a job trains on, whether they can be, and why they may not be deleted meanwhile."""

from typing import Any

from django.dispatch import receiver

from datasets.models import Dataset
from datasets.signals import dataset_deleting
from training.core import status
from training.models import TrainingJob

NAMED = 5
"""Jobs that a refusal names; the others are counted."""


class DatasetNotReady(Exception):
    """The data set cannot be trained on; the message says what it lacks."""


def chosen_for(dataset: Dataset) -> dict[str, Any]:
    """A new job's data: the present version and what is held out, whatever becomes of the data set later."""
    other = dataset.evaluation_in_use
    return {
        "dataset_version": dataset.version,
        "dataset_sha256": dataset.version.sha256 if dataset.version else "",
        "evaluation_version": other.version if other is not None else None,
        "evaluation_share": dataset.share_held_out,
        "split_seed": dataset.split_seed,
    }


def require_trainable(dataset: Dataset) -> None:
    """Raises DatasetNotReady."""
    if not dataset.is_trainable:
        raise DatasetNotReady(dataset.why_not_trainable)


@receiver(dataset_deleting)
def why_needed(sender: object, dataset: Dataset, **_: object) -> str | None:
    """Jobs that wait or run need their data; what is over keeps its name and hash without it."""
    active = TrainingJob.objects.filter(status__in=status.ACTIVE)
    jobs = active.filter(dataset=dataset) | active.filter(evaluation_version__dataset=dataset)
    names = [f"{str(job.pk)[:8]} ({job.get_status_display().lower()})" for job in jobs[:NAMED]]
    if not names:
        return None
    count = jobs.count()
    more = f" and {count - len(names)} more" if count > len(names) else ""
    one = "A training job needs" if count == 1 else "Training jobs need"
    return f"{one} it: {', '.join(names)}{more}. Wait for {'it' if count == 1 else 'them'}, or cancel first."
