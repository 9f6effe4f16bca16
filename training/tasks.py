"""Celery tasks, thin: messages are nudges, the database says what is to be done."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from training import lifecycle, supervisor
from training.core.status import QUEUED
from training.models import TrainingJob

logger = logging.getLogger(__name__)

NUDGE_AGAIN_AFTER = timedelta(seconds=60)
SILENCE_BEFORE_RECOVERY = timedelta(seconds=60)
MAX_ATTEMPTS = 3


def nudge(job: TrainingJob) -> None:
    """Tell the workers of the job's GPU that it waits. A broker that is down is no harm: the sweep tells again."""
    TrainingJob.objects.filter(pk=job.pk).update(nudged_at=timezone.now())
    try:
        run_job.apply_async((str(job.pk),), queue=job.queue, retry=False)
    except OperationalError:
        logger.warning("job %s: the broker did not take the message; the sweep will send it again", job.pk)


@shared_task(bind=True)
def run_job(self: "Task", job_id: str) -> None:
    """Claim the job and see it through; do nothing when someone else has."""
    job = lifecycle.claim(UUID(job_id), worker=self.request.hostname or "worker")
    if job is None:
        return
    supervisor.supervise(job)
    if job.status == QUEUED:  # given back by a worker that is shutting down: tell the others
        nudge(job)


@shared_task
def sweep() -> None:
    """Repair what messages and workers left undone: lost nudges, and jobs whose worker fell silent."""
    for job in TrainingJob.objects.stalled(SILENCE_BEFORE_RECOVERY):
        recover(job)
    for job in TrainingJob.objects.unannounced(NUDGE_AGAIN_AFTER):
        nudge(job)


def recover(job: TrainingJob) -> None:
    """Return a job whose worker fell silent to the queue, or give it up after too many attempts."""
    reason = f"Worker {job.worker} was not heard of since {job.heartbeat_at:%H:%M:%S} UTC"
    if job.cancel_requested_at:
        lifecycle.cancelled(job, reason=reason)
    elif job.attempt >= MAX_ATTEMPTS:
        lifecycle.fail(
            job,
            code="worker_lost",
            message=f"The worker was lost {job.attempt} times while running this job. Look at the workers' logs "
            "(out of memory is the usual cause), then start the job again.",
        )
    elif lifecycle.release(job, actor="sweep", reason=reason):
        nudge(job)
