"""What people write beside a job that is there, in any status."""

from typing import Any

from django.utils import timezone

from training.models import TrainingJob


def job_describe(job: TrainingJob, changes: dict[str, Any]) -> None:
    """Write name, tags or note, and nothing else: a worker may be writing to the row. Brings ``job`` up to date."""
    if changes:
        TrainingJob.objects.filter(pk=job.pk).update(**changes, updated_at=timezone.now())
        for name, value in changes.items():
            setattr(job, name, value)
