"""Celery tasks, thin: messages are nudges, the database says what is to be done."""

from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.conf import settings

from pipeline.nudges import MOST_AT_ONCE
from training.core.gpu_names import CUDA
from training.jobs import data_fits, lifecycle, nudges, recovery
from training.models import IdempotencyKey, Tally, TrainingJob, Worker
from training.workers import attempt, cleanup, retention
from training.workers import data_fits as data_checks
from training.workers.logs import job_logging


@shared_task(bind=True)
def run_next_job(self: "Task[Any, Any]", gpu_type: str) -> None:
    """Claim the job that has waited longest for that GPU and see it through; do nothing when none waits."""
    name = self.request.hostname or "worker"
    jobs = TrainingJob.objects.on_gpus([gpu_type])
    if worker := Worker.objects.filter(name=name, device=CUDA).first():
        jobs = jobs.of_at_most(worker.gpu_count)
    job = lifecycle.claim(jobs, worker=name)
    if job is None:
        return
    with job_logging(job):
        attempt.supervise(job)
    if left := TrainingJob.objects.available().filter(pk=job.pk).first():
        nudges.nudge(left)  # given back by a worker that is shutting down: tell the others


@shared_task
def check_data(fit_id: int) -> None:
    """Find out what a run would train on."""
    data_checks.check(fit_id)


@shared_task
def sweep() -> None:
    """Repair what messages and workers left undone: lost nudges, and jobs and checks whose worker fell silent."""
    silence = timedelta(seconds=settings.WORKER_SILENCE_SECONDS)
    for job in TrainingJob.objects.stalled(silence)[:MOST_AT_ONCE]:
        recovery.recover(job, silence=silence, actor="sweep")
    nudges.sweep()
    data_fits.sweep()
    IdempotencyKey.objects.forget_expired()
    Tally.objects.compact()


@shared_task
def prune() -> None:
    """Remove what nobody needs any more from disk and storage, and from the database what is old."""
    cleanup.prune_runs()
    cleanup.prune_orphans()
    retention.prune()
