"""The only writer of a job's status.

Every change locks the row, checks that the old status allows the move (and, for a worker, that the job is still
its attempt's), and writes the event and the notification in the same transaction. Whoever is refused gets
``None`` or ``False`` and walks away.
"""

import logging
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from notifications.models import Notification
from training.core import status
from training.models import JobEvent, JobMetric, TrainingJob

logger = logging.getLogger(__name__)

PROGRESS_FIELDS = frozenset(
    {
        "current_stage",
        "progress",
        "current_epoch",
        "current_step",
        "current_metrics",
        "current_cost",
        "log_tail",
    }
)
METRIC_FIELDS = ("epoch", "loss", "learning_rate", "gradient_norm", "tokens_per_second")


def create(job: TrainingJob, *, actor: AbstractBaseUser) -> TrainingJob:
    """Save a new job as ``queued``, with its first event and the notification."""
    with transaction.atomic():
        job.save(force_insert=True)
        JobEvent.objects.create(job=job, actor=actor.get_username(), to_status=job.status, reason="Created")
        _notify(
            job,
            Notification.Type.JOB_QUEUED,
            "Training Job Queued",
            f'Your training job for "{job.dataset.name}" has been queued and will start shortly',
        )
    return job


def claim(job_id: UUID, *, worker: str) -> TrainingJob | None:
    """Take a queued job for one worker; ``None`` when it is not there to be taken."""
    now = timezone.now()
    with transaction.atomic():
        job = _lock(job_id, status.INITIALIZING)
        if job is None:
            return None
        return _move(
            job,
            status.INITIALIZING,
            actor=worker,
            reason="Claimed",
            attempt=job.attempt + 1,
            worker=worker,
            current_stage="preparing",
            started_at=job.started_at or now,
            heartbeat_at=now,
            error_code="",
            error_message="",
        )


def start_running(job: TrainingJob, *, device: str, device_name: str) -> bool:
    """The trainer is up on a device."""
    return _advance(job, status.RUNNING, reason=f"Running on {device_name}", device=device, device_name=device_name)


def complete(job: TrainingJob, *, reason: str, **changes: Any) -> bool:
    """The adapter is stored: the job is done."""
    with transaction.atomic():
        done = _advance(job, status.COMPLETED, reason=reason, current_stage="completed", progress=100, **changes)
        if done:
            _notify(
                job,
                Notification.Type.JOB_COMPLETED,
                "Training Job Completed",
                f'Your adapter for "{job.dataset.name}" is ready to download',
                priority=Notification.Priority.MEDIUM,
            )
    return done


def fail(job: TrainingJob, *, code: str, message: str, **changes: Any) -> bool:
    """The job cannot go on. ``message`` says to a person what is wrong and what to do."""
    with transaction.atomic():
        done = _advance(
            job,
            status.FAILED,
            reason=message,
            current_stage="failed",
            error_code=code,
            error_message=message,
            **changes,
        )
        if done:
            _notify(
                job,
                Notification.Type.JOB_FAILED,
                "Training Job Failed",
                f'Your training job for "{job.dataset.name}" failed: {message}',
                priority=Notification.Priority.HIGH,
            )
    return done


def release(job: TrainingJob, *, actor: str, reason: str) -> bool:
    """Give a claimed job back to the queue, so that another attempt continues it."""
    return _advance(job, status.QUEUED, actor=actor, reason=reason, current_stage="queued", queued_at=timezone.now())


def cancelled(job: TrainingJob, *, reason: str) -> bool:
    """The worker has stopped the trainer as it was asked to."""
    with transaction.atomic():
        done = _advance(job, status.CANCELLED, reason=reason, current_stage="cancelled")
        if done:
            _notify_cancelled(job)
    return done


def request_cancel(job: TrainingJob, *, actor: AbstractBaseUser) -> bool:
    """Cancel a queued job now; ask the worker of a running one to stop. ``False`` when it is already final."""
    with transaction.atomic():
        row = TrainingJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if row.status == status.QUEUED:
            _move(
                row,
                status.CANCELLED,
                actor=actor.get_username(),
                reason="Cancelled before it started",
                current_stage="cancelled",
                cancel_requested_at=timezone.now(),
            )
            _notify_cancelled(row)
        elif row.is_active:
            row.cancel_requested_at = row.cancel_requested_at or timezone.now()
            row.save(update_fields=["cancel_requested_at", "updated_at"])
        else:
            return False
    job.refresh_from_db()
    return True


def record(job: TrainingJob, *, metrics: list[JobMetric], **progress: Any) -> bool:
    """A worker's heartbeat with what the trainer reported since the last one.

    ``False`` means that the job is no longer this attempt's: stop, and write nothing more.
    """
    if unknown := progress.keys() - PROGRESS_FIELDS:
        raise TypeError(f"not progress: {', '.join(sorted(unknown))}")
    now = timezone.now()
    with transaction.atomic():
        mine = TrainingJob.objects.filter(pk=job.pk, status__in=status.CLAIMED, attempt=job.attempt).update(
            heartbeat_at=now, updated_at=now, **progress
        )
        if mine:
            for fields in (METRIC_FIELDS, ("epoch", "evaluation_loss")):
                rows = [row for row in metrics if (getattr(row, fields[1]) is not None)]
                JobMetric.objects.bulk_create(
                    rows, update_conflicts=True, unique_fields=["job", "step"], update_fields=fields
                )
    return bool(mine)


def cancel_requested(job: TrainingJob) -> bool:
    return TrainingJob.objects.filter(pk=job.pk, cancel_requested_at__isnull=False).exists()


def _lock(job_id: UUID, target: str, **conditions: Any) -> TrainingJob | None:
    """The row, locked, if its status allows the move to ``target``."""
    return (
        TrainingJob.objects.select_for_update(of=("self",))
        .select_related("dataset", "base_model")
        .filter(pk=job_id, status__in=status.sources(target), **conditions)
        .first()
    )


def _move(job: TrainingJob, target: str, *, actor: str, reason: str, **changes: Any) -> TrainingJob:
    """Write a locked row's new status and its event."""
    before = job.status
    changes |= {"status": target, "finished_at": timezone.now() if target in status.FINAL else None}
    for field, value in changes.items():
        setattr(job, field, value)
    job.save(update_fields=[*changes, "updated_at"])
    JobEvent.objects.create(
        job=job, actor=actor, from_status=before, to_status=target, attempt=job.attempt, reason=reason
    )
    logger.info("job %s attempt %d: %s -> %s (%s)", job.pk, job.attempt, before, target, reason)
    return job


def _advance(job: TrainingJob, target: str, *, reason: str, actor: str = "", **changes: Any) -> bool:
    """A move made for one attempt; refused when another has taken over. Brings ``job`` up to date."""
    with transaction.atomic():
        row = _lock(job.pk, target, attempt=job.attempt)
        if row is None:
            logger.warning("job %s is no longer attempt %d's: %s refused", job.pk, job.attempt, target)
            return False
        _move(row, target, actor=actor or row.worker, reason=reason, **changes)
    job.refresh_from_db()
    return True


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


def _notify_cancelled(job: TrainingJob) -> None:
    _notify(
        job,
        Notification.Type.JOB_CANCELLED,
        "Training Job Cancelled",
        f'Your training job for "{job.dataset.name}" was cancelled',
    )
