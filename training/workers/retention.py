"""What has only been of jobs, and is removed by its age: histories, curves, logs, measurements, unused tokens.

The job itself stays, with its settings, its last figures, its cost, how it began and how it ended, and its adapter.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from datasets.models import DatasetVersion, TokenCache
from pipeline import retention
from pipeline.retention import cutoff, in_batches, remove
from training.core import status
from training.models import DataFit, JobEvent, JobLog, JobMetric, RunMeasurement, TrainingJob

JOBS_AT_ONCE = 100


def prune() -> None:
    """Remove what is older than the settings say."""
    prune_events()
    prune_records(JobMetric, "curves_removed_at", settings.KEEP_CURVES_DAYS)
    prune_records(JobLog, "log_removed_at", settings.KEEP_LOGS_DAYS)
    prune_measurements()
    prune_tokens()


def prune_events() -> int:
    """Of jobs that ended long ago, what came between the first and the last entry of the history."""
    before = cutoff(settings.KEEP_EVENTS_DAYS)
    if before is None:
        return 0
    of_job = JobEvent.objects.filter(job=OuterRef("job")).order_by()
    between = Exists(of_job.filter(pk__lt=OuterRef("pk"))) & Exists(of_job.filter(pk__gt=OuterRef("pk")))
    old = JobEvent.objects.filter(between, created_at__lt=before, job__finished_at__lt=before)
    return remove(old, oldest_first="created_at")


def prune_records(model: Any, removed_at: str, days: float) -> None:
    """Of finished jobs, those that have been so for longest first; the job says when it lost them.

    Args:
        model: of rows that belong to jobs.
        removed_at: the job's column for that.
        days: how long they are kept.
    """
    if before := cutoff(days):
        in_batches(lambda: _remove_records(model, removed_at, before))


@transaction.atomic
def _remove_records(model: Any, removed_at: str, before: datetime) -> int:
    """A batch, and whether there is more, as ``in_batches`` wants to be told.

    The jobs are locked meanwhile, some milliseconds, so that none is started again.
    """
    due = TrainingJob.objects.filter(status__in=status.FINAL, finished_at__lt=before, **{removed_at: None})
    locked = due.order_by("finished_at").select_for_update(skip_locked=True)
    jobs = list(locked.values_list("pk", flat=True)[:JOBS_AT_ONCE])
    rows = model.objects.filter(job__in=jobs).order_by().values("pk")[: retention.BATCH]
    removed: int = model.objects.filter(pk__in=rows).delete()[0]
    if removed < retention.BATCH:
        TrainingJob.objects.filter(pk__in=jobs).update(**{removed_at: timezone.now()})
    return retention.BATCH if len(jobs) == JOBS_AT_ONCE else removed


def prune_measurements() -> int:
    """What neither estimates nor the accuracy page look at any more."""
    before = cutoff(settings.KEEP_MEASUREMENTS_DAYS)
    if before is None:
        return 0
    rows = RunMeasurement.objects.all()
    old = rows.filter(created_at__lt=before)
    hardware = list(old.order_by().values_list("hardware", flat=True).distinct())
    used = {row.pk for row in rows.latest_on(hardware)} | set(rows.comparable().values_list("pk", flat=True))
    return remove(old.exclude(pk__in=used), oldest_first="created_at")


def prune_tokens() -> int:
    """Tokens, and what was counted of them, of versions that nobody has trained on for long and nobody will.

    They can be made again, should a job of then be tried once more.
    """
    before = cutoff(settings.KEEP_CACHES_DAYS)
    if before is None:
        return 0
    unused = _unused_versions(before)
    old = TokenCache.objects.filter(version__in=unused, created_at__lt=before)
    for cache in old.order_by("created_at")[: retention.BATCH]:
        cache.delete()  # one by one: its files go with it
    return remove(DataFit.objects.filter(version__in=unused, updated_at__lt=before), oldest_first="updated_at")


def _unused_versions(before: datetime) -> QuerySet[DatasetVersion]:
    """Earlier ones than the data set's present, and those of deleted data sets, without a job that ended later."""
    later = Q(finished_at__isnull=True) | Q(finished_at__gte=before)
    of_version = Q(dataset_version=OuterRef("pk")) | Q(evaluation_version=OuterRef("pk"))
    is_past = ~Q(pk=F("dataset__version")) | Q(dataset__deleted_at__isnull=False)
    return DatasetVersion.objects.filter(~Exists(TrainingJob.objects.filter(later, of_version)), is_past)
