"""How the queues stand at this moment, by the database's clock: for the admin's overview and for the metrics."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now
from django.utils import timezone

from training.core import status
from training.core.gpu_names import CUDA, known_as
from training.models import GpuType, Tally, TrainingJob, Worker, gpu_queue
from training.models.querysets import TrainingJobQuerySet
from training.models.worker import WorkerQuerySet

LONGEST_WAITS = """
SELECT gpu, statement_timestamp() - (
    SELECT min(GREATEST(queued_at, available_at)) FROM lora_training_jobs
    WHERE status = 'queued' AND gpu_config -> 'type' = to_jsonb(gpu)
) FROM unnest(%s::text[]) AS gpus(gpu)
"""
"""A look at the index (job_could_start_since) for each; of one that is held back until later, less than nothing."""


@dataclass(frozen=True)
class QueueFigures:
    """One GPU type's queue. ``oldest``: how long the first of those that could start has waited."""

    gpu: str
    queue: str
    waiting: int
    oldest: timedelta
    claimed: int
    workers: int

    @property
    def since(self) -> datetime | None:
        """Since when the oldest has waited."""
        return timezone.now() - self.oldest if self.oldest else None

    @property
    def is_stranded(self) -> bool:
        """Jobs wait, and nobody is there who could take them."""
        return self.waiting > 0 and self.workers == 0


def queues() -> list[QueueFigures]:
    """A row for each GPU type that is on offer, or that a job asks for."""
    waiting, claimed = Tally.objects.by_gpu([status.QUEUED]), Tally.objects.by_gpu(status.CLAIMED)
    oldest = _longest_waits(waiting)
    offered = GpuType.objects.filter(is_active=True).values_list("name", flat=True)
    served = [queue for worker in Worker.objects.alive() for queue in worker.queues]
    return [
        QueueFigures(
            gpu=gpu,
            queue=gpu_queue(gpu),
            waiting=waiting.get(gpu, 0),
            oldest=oldest.get(gpu, timedelta()),
            claimed=claimed.get(gpu, 0),
            workers=served.count(gpu_queue(gpu)),
        )
        for gpu in [*offered, *sorted((waiting.keys() | claimed.keys()) - set(offered))]
    ]


def _longest_waits(gpus: Iterable[str]) -> dict[str, timedelta]:
    """How long the first of those that could start has waited, by GPU type; none where none could."""
    with connection.cursor() as cursor:
        cursor.execute(LONGEST_WAITS, [list(gpus)])
        return {gpu: wait for gpu, wait in cursor.fetchall() if wait is not None and wait > timedelta()}


@dataclass(frozen=True, kw_only=True)
class UnofferedCard:
    """A card that a worker has and serves, of a GPU type that nobody can choose."""

    gpu_type: GpuType
    device_name: str
    hosts: tuple[str, ...]


def unoffered_cards() -> list[UnofferedCard]:
    """What could be offered at once: cards of workers that are there, which the catalogue has as inactive."""
    types = {gpu_type.name: gpu_type for gpu_type in GpuType.objects.all()}
    hosts: dict[tuple[str, str], set[str]] = {}
    for worker in Worker.objects.alive().filter(device=CUDA):
        known = [types[name] for name in known_as(worker.device_name, types)]
        if any(gpu_type.is_active for gpu_type in known):
            continue
        for gpu_type in known:
            if gpu_type.queue in worker.queues:
                hosts.setdefault((gpu_type.name, worker.device_name), set()).add(worker.host)
    return [
        UnofferedCard(gpu_type=types[name], device_name=device_name, hosts=tuple(sorted(found)))
        for (name, device_name), found in sorted(hosts.items())
    ]


def silent_jobs() -> TrainingJobQuerySet:
    """Jobs being worked on, the longest silent first, each with its ``silence`` (a timedelta)."""
    silence = ExpressionWrapper(Now() - F("heartbeat_at"), output_field=DurationField())
    jobs: TrainingJobQuerySet = TrainingJob.objects.claimed().annotate(silence=silence).order_by("heartbeat_at")
    return jobs


def workers() -> WorkerQuerySet:
    """All workers that have been heard of lately, each with ``is_alive``."""
    return Worker.objects.annotate(is_alive=Q(last_seen_at__gte=Now() - WorkerQuerySet.ALIVE)).order_by("name")
