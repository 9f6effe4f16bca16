"""Prometheus metrics of jobs and workers, read from the database when asked, so that all web processes agree."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings
from django.db import connection, transaction
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.metrics import registry
from training.core import status
from training.jobs import queues
from training.jobs.queues import QueueFigures
from training.models import CLAIM_EDGES, Tally, Total, Worker

JOBS_LISTED = 50
"""Most jobs with a heartbeat series of their own: those that have been silent longest."""

PATIENCE_MILLISECONDS = 5000

Totals = Mapping[tuple[str, ...], Total]
"""What one series of running totals says, by its labels."""


class JobCollector(Collector):
    """All queries see one moment, and none may take longer than PATIENCE_MILLISECONDS."""

    def collect(self) -> Iterator[Metric]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [PATIENCE_MILLISECONDS])
            figures, totals = queues.queues(), Tally.objects.totals()
            yield from (
                jobs(totals["jobs"]), failures(totals["jobs"]), moves(totals["moves"]), claim_latency(totals["claims"]),
                *waiting(figures), *heartbeats(), workers(figures),
            )  # fmt: skip


def jobs(totals: Totals) -> Metric:
    metric = GaugeMetricFamily("pipeline_jobs", "Training jobs by status.", labels=["status"])
    counts = Counter[str]()
    for (name, _, _), total in totals.items():
        counts[name] += total.count
    for name in status.ALL:
        metric.add_metric([name], counts[name])
    return metric


def failures(totals: Totals) -> Metric:
    metric = GaugeMetricFamily(
        "pipeline_jobs_failed", "Training jobs that stand failed, by error code.", labels=["reason"]
    )
    counts = Counter[str]()
    for (name, _, reason), total in totals.items():
        if name == status.FAILED:
            counts[reason or "unknown"] += total.count
    for reason, count in counts.items():
        if count:
            metric.add_metric([reason], count)
    return metric


def moves(totals: Totals) -> Metric:
    metric = CounterMetricFamily(
        "pipeline_job_moves",
        "Changes of a job's status. To initializing: attempts; from initializing or running to queued: recoveries.",
        labels=["from", "to"],
    )
    for (before, after), total in totals.items():
        metric.add_metric([before or "new", after], total.count)
    return metric


def claim_latency(totals: Totals) -> Metric:
    """How long jobs waited in the queue until a worker took them."""
    up_to = Counter({float(edge): total.count for (edge,), total in totals.items()})
    edges = [*map(float, CLAIM_EDGES), math.inf]
    buckets = [
        (str(edge) if edge < math.inf else "+Inf", sum(up_to[at] for at in edges if at <= edge)) for edge in edges
    ]
    metric = HistogramMetricFamily(
        "pipeline_job_claim_latency_seconds", "From queued to initializing: how long a job waited for a worker."
    )
    metric.add_metric([], buckets=buckets, sum_value=sum(total.seconds for total in totals.values()))
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
