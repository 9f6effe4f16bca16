"""What the owner of a job is told when its status changes."""

from notifications.models import Notification
from training.models import TrainingJob

BUDGET_REACHED = "budget_reached"
"""The error code of a job that stopped at its budget."""


def queued(job: TrainingJob) -> None:
    """It waits for a worker."""
    _notify(
        job,
        Notification.Type.JOB_QUEUED,
        "Training Job Queued",
        f'Your training job for "{job.dataset.name}" has been queued and will start shortly',
    )


def completed(job: TrainingJob, *, has_adapter: bool) -> None:
    """It is done; a dry run leaves no adapter."""
    title, message = "Training Job Completed", f'Your adapter for "{job.dataset.name}" is ready to download'
    if not has_adapter:
        title = "Dry Run Completed"
        message = f'The dry run for "{job.dataset.name}" has measured what the whole run would take'
    _notify(job, Notification.Type.JOB_COMPLETED, title, message, priority=Notification.Priority.MEDIUM)


def failed(job: TrainingJob) -> None:
    """It cannot go on, for the reason that the job has."""
    _notify(
        job,
        Notification.Type.JOB_FAILED,
        "Training Job Failed",
        f'Your training job for "{job.dataset.name}" failed: {job.error_message}',
        priority=Notification.Priority.HIGH,
    )


def cancelled(job: TrainingJob) -> None:
    """It was stopped, as asked or at its budget."""
    if job.error_code == BUDGET_REACHED:
        _notify(
            job,
            Notification.Type.JOB_CANCELLED,
            "Training Stopped at Its Budget",
            f'Your training job for "{job.dataset.name}": {job.error_message}',
            priority=Notification.Priority.MEDIUM,
        )
    else:
        text = f'Your training job for "{job.dataset.name}" was cancelled'
        _notify(job, Notification.Type.JOB_CANCELLED, "Training Job Cancelled", text)


def _notify(job: TrainingJob, type_: str, title: str, message: str, *, priority: str = "low") -> None:
    Notification.objects.create(
        user_id=job.user_id,
        type=type_,
        title=title,
        message=message,
        priority=priority,
        action_url=job.get_absolute_url(),
        metadata={"job_id": str(job.pk), "dataset_name": job.dataset.name},
    )
