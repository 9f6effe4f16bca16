"""Prometheus metrics of jobs and workers, read from the database when asked, so that all web processes agree."""

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.metrics import registry
from training.core import status
from training.jobs import queues
from training.jobs.queues import QueueFigures
from training.models import JobEvent, TrainingJob, Worker

LATENCY_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)
"""Seconds. An idle worker answers in the first few; a busy fleet in the last."""

JOBS_LISTED = 50
"""Most jobs with a heartbeat series of their own: those that have been silent longest."""

PATIENCE_MILLISECONDS = 5000


class JobCollector(Collector):
    """All queries see one moment, and none may take longer than PATIENCE_MILLISECONDS."""

    def collect(self) -> Iterator[Metric]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [PATIENCE_MILLISECONDS])
            figures = queues.queues()
            yield from (
                jobs(), failures(), moves(), claim_latency(), *waiting(figures), *heartbeats(), workers(figures),
            )  # fmt: skip


def jobs() -> Metric:
    metric = GaugeMetricFamily("pipeline_jobs", "Training jobs by status.", labels=["status"])
    counts = dict(TrainingJob.objects.order_by().values_list("status").annotate(Count("pk")))
    for name in status.ALL:
        metric.add_metric([name], counts.get(name, 0))
    return metric


def failures() -> Metric:
    metric = GaugeMetricFamily(
        "pipeline_jobs_failed", "Training jobs that stand failed, by error code.", labels=["reason"]
    )
    failed = TrainingJob.objects.filter(status=status.FAILED)
    for reason, count in failed.order_by().values_list("error_code").annotate(Count("pk")):
        metric.add_metric([reason or "unknown"], count)
    return metric


def moves() -> Metric:
    metric = CounterMetricFamily(
        "pipeline_job_moves",
        "Changes of a job's status. To initializing: attempts; from initializing or running to queued: recoveries.",
        labels=["from", "to"],
    )
    events = JobEvent.objects.order_by().values_list("from_status", "to_status").annotate(Count("pk"))
    for before, after, count in events:
        metric.add_metric([before or "new", after], count)
    return metric


def claim_latency() -> Metric:
    """How long jobs waited in the queue until a worker took them."""
    claims = JobEvent.objects.filter(
        from_status=status.QUEUED, to_status=status.INITIALIZING, seconds_before__isnull=False
    )
    up_to = {f"up_to_{at}": Count("pk", filter=Q(seconds_before__lte=edge)) for at, edge in enumerate(LATENCY_BUCKETS)}
    figures_ = claims.aggregate(total=Count("pk"), seconds=Sum("seconds_before", default=0.0), **up_to)
    buckets = [(str(float(edge)), float(figures_[f"up_to_{at}"])) for at, edge in enumerate(LATENCY_BUCKETS)]
    metric = HistogramMetricFamily(
        "pipeline_job_claim_latency_seconds", "From queued to initializing: how long a job waited for a worker."
    )
    metric.add_metric([], buckets=[*buckets, ("+Inf", float(figures_["total"]))], sum_value=figures_["seconds"])
    return metric


def waiting(figures: Sequence[QueueFigures]) -> Iterator[Metric]:
    by_queue = GaugeMetricFamily(
        "pipeline_jobs_waiting",
        "Queued training jobs by GPU type, and the queue that serves it.",
        labels=["gpu", "queue"],
    )
    oldest = GaugeMetricFamily(
        "pipeline_jobs_oldest_waiting_seconds",
        "How long the oldest queued job that could start has waited, by GPU type; 0 when none waits.",
        labels=["gpu"],
    )
    for queue in figures:
        by_queue.add_metric([queue.gpu, queue.queue], queue.waiting)
        oldest.add_metric([queue.gpu], queue.oldest.total_seconds())
    return iter((by_queue, oldest))


def heartbeats() -> Iterator[Metric]:
    oldest = GaugeMetricFamily(
        "pipeline_job_heartbeat_age_max_seconds", "The longest silence of a job being worked on; 0 when there is none."
    )
    each = GaugeMetricFamily(
        "pipeline_job_heartbeat_age_seconds",
        f"Time since a job's worker was last heard of: the {JOBS_LISTED} longest silent.",
        labels=["job", "worker"],
    )
    silent = queues.silent_jobs()[:JOBS_LISTED]
    for job in silent:
        each.add_metric([str(job.pk), job.worker], job.silence.total_seconds())
    oldest.add_metric([], max((job.silence.total_seconds() for job in silent), default=0.0))
    return iter((oldest, each))


def workers(figures: Sequence[QueueFigures]) -> Metric:
    metric = GaugeMetricFamily("pipeline_workers", "Workers alive, by the queue they serve.", labels=["queue"])
    served = [queue for queues_ in Worker.objects.alive().values_list("queues", flat=True) for queue in queues_]
    known = {queue.queue for queue in figures} | {settings.CELERY_TASK_DEFAULT_QUEUE}
    for queue in sorted(known | set(served)):
        metric.add_metric([queue], served.count(queue))
    return metric


registry.register(JobCollector())
