"""The only writer of a job's status.

Every change locks the row, checks that the old status allows the move (and, for a worker, that the job is still
its attempt's), and writes the event and the notification in the same transaction. Whoever is refused gets
``None`` or ``False`` and walks away.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models.functions import Now

from training.core import status
from training.jobs import notices
from training.models import Artifact, JobEvent, JobLog, JobMetric, TrainingJob
from training.models.querysets import TrainingJobQuerySet

logger = logging.getLogger(__name__)

PROGRESS_FIELDS = frozenset(
    {
        "current_stage",
        "progress",
        "current_epoch",
        "current_step",
        "current_metrics",
        "current_cost",
        "data",
        "checkpoint_step",
        "device",
        "device_name",
        "expected_finish_at",
    }
)
METRIC_FIELDS = ("epoch", "loss", "learning_rate", "gradient_norm", "tokens_per_second")


def create(job: TrainingJob, *, actor: AbstractBaseUser) -> TrainingJob:
    """Save a new job as ``queued``, with its first event and the notification."""
    with transaction.atomic():
        job.save(force_insert=True)
        JobEvent.objects.create(job=job, actor=actor.get_username(), to_status=job.status, reason="Created")
        notices.queued(job)
    return job


def claim(jobs: TrainingJobQuerySet, *, worker: str) -> TrainingJob | None:
    """Take the first available of ``jobs`` for one worker; ``None`` when there is none to be taken."""
    with transaction.atomic():
        job = _locked(jobs.available(), skip_locked=True).first()
        if job is None:
            return None
        claimed: TrainingJob = _move(
            job,
            status.INITIALIZING,
            actor=worker,
            reason="Claimed",
            attempt=job.attempt + 1,
            worker=worker,
            current_stage="preparing",
            **job.progress_after(job.checkpoint_step or 0),
            started_at=job.started_at or job.db_now,
            heartbeat_at=job.db_now,
            expected_finish_at=None,
            error_code="",
            error_message="",
        )
        return claimed


def start_running(job: TrainingJob, *, device: str, device_name: str) -> bool:
    """The trainer is up on a device."""
    return _advance(job, status.RUNNING, reason=f"Running on {device_name}", device=device, device_name=device_name)


def complete(job: TrainingJob, *, reason: str, artifact: Artifact | None, **changes: Any) -> bool:
    """The adapter is in storage: the job is done. A partial adapter of an earlier stop gives way to it.

    A dry run has none, and has measured.
    """
    with transaction.atomic():
        done = _advance(job, status.COMPLETED, reason=reason, current_stage="completed", progress=100, **changes)
        if done and artifact:
            _keep(artifact)
            _discard(job, Artifact.Kind.PARTIAL)
        if done:
            notices.completed(job, has_adapter=artifact is not None)
    return done


def fail(job: TrainingJob, *, code: str, message: str, actor: str = "", **changes: Any) -> bool:
    """The job cannot go on. ``message`` says to a person what is wrong and what to do."""
    with transaction.atomic():
        done = _advance(
            job,
            status.FAILED,
            actor=actor,
            reason=message,
            current_stage="failed",
            error_code=code,
            error_message=message,
            **changes,
        )
        if done:
            notices.failed(job)
    return done


def release(job: TrainingJob, *, actor: str, reason: str, delay: float = 0.0, **changes: Any) -> bool:
    """Give a claimed job back to the queue; another attempt may continue it after ``delay`` seconds."""
    return _advance(job, status.QUEUED, actor=actor, reason=reason, **_waiting(delay), **changes)


def take_away(job: TrainingJob, *, actor: str, delay: float) -> bool:
    """Give a claimed job back to the queue over its worker's head.

    The worker notices at its next heartbeat; ``delay`` (s) is how long its trainer may live without one.
    """
    with transaction.atomic():
        row = _lock(job.pk, status.QUEUED, status__in=status.CLAIMED)
        if row is None:
            return False
        _move(row, status.QUEUED, actor=actor, reason=f"Taken from {row.worker}", **_waiting(delay))
    job.refresh_from_db()
    return True


def retry(job: TrainingJob, *, actor: AbstractBaseUser, **changes: Any) -> bool:
    """Queue a failed or cancelled job again; ``False`` when it is neither."""
    with transaction.atomic():
        row = _lock(job.pk, status.QUEUED, status__in=(status.FAILED, status.CANCELLED))
        if row is None:
            return False
        reason = f"To be resumed after step {row.checkpoint_step}" if row.checkpoint_step else "To be run again"
        again: dict[str, Any] = {"crashes": 0, "cancel_requested_at": None, "error_code": "", "error_message": ""}
        held_until = max(row.available_at, row.db_now)  # a worker that it was taken from may not have noticed yet
        again |= {"curves_removed_at": None, "log_removed_at": None}
        again |= _waiting() | {"available_at": held_until}
        _move(row, status.QUEUED, actor=actor.get_username(), reason=reason, **again, **changes)
        notices.queued(row)
    job.refresh_from_db()
    return True


def cancelled(
    job: TrainingJob, *, reason: str, actor: str = "", artifact: Artifact | None = None, **changes: Any
) -> bool:
    """The trainer has been stopped as it was asked to, or as its budget asked; what it trained is kept."""
    with transaction.atomic():
        done = _advance(job, status.CANCELLED, actor=actor, reason=reason, current_stage="cancelled", **changes)
        if done:
            if artifact:
                _keep(artifact)
            notices.cancelled(job)
    return done


def request_cancel(job: TrainingJob, *, actor: AbstractBaseUser) -> bool:
    """Cancel a queued job now; ask the worker of a running one to stop. ``False`` when it is already final."""
    name = actor.get_username()
    with transaction.atomic():
        row = _locked(TrainingJob.objects.active()).filter(pk=job.pk).first()
        if row is None:
            job.refresh_from_db()
            return False
        if row.status == status.QUEUED:
            reason = "Cancelled while it waited"
            _move(row, status.CANCELLED, actor=name, reason=reason, current_stage="cancelled")
            notices.cancelled(row)
        elif row.cancel_requested_at is None:
            row.cancel_requested_at = row.db_now
            row.save(update_fields=["cancel_requested_at", "updated_at"])
            _record_event(row, row.status, actor=name, reason="Asked to cancel")
    job.refresh_from_db()
    return True


def record(
    job: TrainingJob,
    *,
    metrics: Sequence[JobMetric] = (),
    log: Sequence[str] = (),
    rewind_to: int | None = None,
    **progress: Any,
) -> bool:
    """A worker's heartbeat with what the trainer reported since the last one.

    Args:
        job: as the worker claimed it.
        metrics: of steps and evaluations, new ones.
        log: new lines.
        rewind_to: the step that the trainer went back to, so that later metrics are no longer true.
        progress: PROGRESS_FIELDS as they now are.

    ``False`` means that the job is no longer this attempt's: stop, and write nothing more.
    """
    if unknown := progress.keys() - PROGRESS_FIELDS:
        raise TypeError(f"not progress: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        mine = TrainingJob.objects.held_by(job).update(heartbeat_at=Now(), updated_at=Now(), **progress)
        if mine:
            if rewind_to is not None:
                JobMetric.objects.filter(job=job, step__gt=rewind_to).delete()
            for fields in (METRIC_FIELDS, ("epoch", "evaluation_loss")):
                rows = [row for row in metrics if (getattr(row, fields[1]) is not None)]
                JobMetric.objects.bulk_create(
                    rows, update_conflicts=True, unique_fields=["job", "step"], update_fields=fields
                )
            JobLog.objects.append(job, log)
    return bool(mine)


def while_held(job: TrainingJob, write: Callable[[], None]) -> bool:
    """Write something for an attempt, in one transaction with the check that the job is still its own."""
    with transaction.atomic():
        if TrainingJob.objects.held_by(job).select_for_update().first() is None:
            return False
        write()
    return True


def cancel_requested(job: TrainingJob) -> bool:
    return TrainingJob.objects.filter(pk=job.pk, cancel_requested_at__isnull=False).exists()


def is_still_silent(job: TrainingJob, silence: timedelta) -> bool:
    """Lock the job; whether it is still with the worker that ``job`` says, and nothing was heard of it since."""
    stalled = TrainingJob.objects.stalled(silence).filter(pk=job.pk, attempt=job.attempt)
    return stalled.select_for_update().first() is not None


def _locked(jobs: TrainingJobQuerySet, *, skip_locked: bool = False) -> TrainingJobQuerySet:
    """The rows, to be locked, with what a move needs and the database's time as ``db_now``."""
    rows: TrainingJobQuerySet = (
        jobs.select_for_update(of=("self",), skip_locked=skip_locked)
        .select_related("dataset", "base_model")
        .annotate(db_now=Now())
    )
    return rows


def _lock(job_id: UUID, target: str, **conditions: Any) -> Any:
    """The row, locked, if its status allows the move to ``target``."""
    jobs = TrainingJob.objects.filter(pk=job_id, status__in=status.sources(target)).filter(**conditions)
    return _locked(jobs).first()


def _waiting(delay: float = 0.0) -> dict[str, Any]:
    """What a job's columns are in the queue, held back for ``delay`` seconds."""
    return {"current_stage": "queued", "nudged_at": None, "expected_finish_at": None, "delay": delay}


def _move(job: Any, target: str, *, actor: str, reason: str, delay: float | None = None, **changes: Any) -> Any:
    """Write a locked row's new status and its event."""
    before = job.status
    changes |= {"status": target, "finished_at": job.db_now if target in status.FINAL else None}
    if target in status.FINAL:
        changes["expected_finish_at"] = None
    if delay is not None:
        changes = {"queued_at": job.db_now, "available_at": job.db_now + timedelta(seconds=delay)} | changes
    for field, value in changes.items():
        setattr(job, field, value)
    for field, value in job.outcome().items():
        setattr(job, field, value)
        changes[field] = value
    job.save(update_fields=[*changes, "updated_at"])
    _record_event(job, before, actor=actor, reason=reason)
    logger.info("job %s attempt %d: %s -> %s (%s)", job.pk, job.attempt, before, target, reason)
    return job


def _record_event(job: Any, before: str, *, actor: str, reason: str) -> None:
    last = job.events.order_by("-id").values_list("created_at", flat=True).first()
    JobEvent.objects.create(
        job=job,
        created_at=job.db_now,
        actor=actor,
        from_status=before,
        to_status=job.status,
        attempt=job.attempt,
        reason=reason,
        seconds_before=(job.db_now - last).total_seconds() if last else None,
    )


def _advance(job: TrainingJob, target: str, *, reason: str, actor: str = "", **changes: Any) -> bool:
    """A move made for one attempt; refused when it is over or another has taken over. Brings ``job`` up to date."""
    with transaction.atomic():
        row = _lock(job.pk, target, attempt=job.attempt, status__in=status.CLAIMED)
        if row is None:
            logger.warning("job %s is no longer attempt %d's: %s refused", job.pk, job.attempt, target)
            return False
        _move(row, target, actor=actor or row.worker, reason=reason, **changes)
    job.refresh_from_db()
    return True


def _keep(artifact: Artifact) -> None:
    """Put the artifact in the place of an earlier one of its kind."""
    _discard(artifact.job, artifact.kind)
    artifact.save(force_insert=True)


def _discard(job: TrainingJob, kind: str) -> None:
    """Remove the job's artifact of that kind, and its file with it."""
    Artifact.objects.filter(job=job, kind=kind).delete()
