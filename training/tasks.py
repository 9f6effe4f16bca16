"""Celery tasks, thin: messages are nudges, the database says what is to be done."""

import logging
from datetime import timedelta

from celery import Task, shared_task
from django.conf import settings
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from training import attempts, lifecycle, retention, supervisor
from training.logs import job_logging
from training.models import IdempotencyKey, TrainingJob, Worker

logger = logging.getLogger(__name__)

NUDGE_AGAIN_AFTER = timedelta(seconds=30)


def nudge(job: TrainingJob) -> None:
    """Tell the workers of the job's GPU that one waits. A broker that is down is no harm: the sweep tells again."""
    TrainingJob.objects.filter(pk=job.pk).update(nudged_at=Now())
    expires = NUDGE_AGAIN_AFTER.total_seconds()
    try:
        run_next_job.apply_async((job.gpu_config["type"],), queue=job.queue, retry=False, expires=expires)
    except OperationalError:
        logger.warning("job %s: the broker did not take the message; the sweep will send it again", job.pk)


@shared_task(bind=True)
def run_next_job(self: "Task", gpu_type: str) -> None:
    """Claim the job that has waited longest for that GPU and see it through; do nothing when none waits."""
    name = self.request.hostname or "worker"
    jobs = TrainingJob.objects.on_gpus([gpu_type])
    if worker := Worker.objects.filter(name=name, device="cuda").first():
        jobs = jobs.of_at_most(worker.gpu_count)
    job = lifecycle.claim(jobs, worker=name)
    if job is None:
        return
    with job_logging(job):
        supervisor.supervise(job)
    if left := TrainingJob.objects.available().filter(pk=job.pk).first():
        nudge(left)  # given back by a worker that is shutting down: tell the others


@shared_task
def sweep() -> None:
    """Repair what messages and workers left undone: lost nudges, and jobs whose worker fell silent."""
    silence = timedelta(seconds=settings.WORKER_SILENCE_SECONDS)
    for job in TrainingJob.objects.stalled(silence):
        attempts.recover(job, silence=silence, actor="sweep")
    for job in TrainingJob.objects.unannounced(NUDGE_AGAIN_AFTER):
        nudge(job)
    IdempotencyKey.objects.expired().delete()


@shared_task
def prune() -> None:
    retention.prune_runs()
