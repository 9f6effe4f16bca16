"""What a queued job waits for, its place in the queue, and when it can be expected to start."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from training.core import status
from training.core.budget import STORAGE
from training.core.gpu_names import CUDA
from training.core.queue import expected_wait
from training.models import TrainingJob, Worker

SPOKEN_WITH_A_VOWEL = "AEFHILMNORSX8"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """``position`` counts from 1, the next to start."""

    position: int
    reason: str
    expected_start_at: datetime | None = None


def waiting(job: TrainingJob) -> Waiting | None:
    """``None`` unless the job is queued."""
    if job.status != status.QUEUED:
        return None
    gpu, count = job.gpu_config["type"], job.gpu_config["count"]
    earlier = Q(queued_at__lt=job.queued_at) | Q(queued_at=job.queued_at, pk__lt=job.pk)
    ahead = list(TrainingJob.objects.waiting().on_gpus([gpu]).filter(earlier))
    position = len(ahead) + 1
    workers = list(Worker.objects.alive().serving(job.queue))
    able = [worker for worker in workers if worker.has_room_for(count)]
    if not workers:
        return Waiting(position=position, reason=f"Waiting for {_a(gpu)} worker: none is connected.")
    if not able:
        most = max(worker.gpu_count for worker in workers)
        return Waiting(position=position, reason=f"Waiting for a worker with {count} × {gpu}: the largest has {most}.")
    if job.available_at > timezone.now():
        reason = "Waiting a little before it is tried again; the history says why."
        return Waiting(position=position, reason=reason, expected_start_at=job.available_at)
    free_in = _free_in(able)
    if position == 1 and 0 in free_in:
        return Waiting(position=1, reason="Starting within moments.", expected_start_at=timezone.now())
    wait = expected_wait(free_in, [_duration(earlier_job, able) for earlier_job in ahead])
    start = None if wait is None else timezone.now() + timedelta(seconds=wait)
    busy = "All workers of its kind are busy." if 0 not in free_in else "Others were there before."
    return Waiting(
        position=position, reason=f"Number {position} in the queue for {gpu}. {busy}", expected_start_at=start
    )


def _free_in(workers: Iterable[Worker]) -> list[float | None]:
    """Seconds until each worker is free; 0 now, ``None`` when its job has no pace yet."""
    ends = dict(
        TrainingJob.objects.claimed()
        .filter(worker__in=[worker.name for worker in workers])
        .values_list("worker", "expected_finish_at")
    )
    now = timezone.now()
    free: list[float | None] = []
    for worker in workers:
        end = ends.get(worker.name)
        is_unknown = worker.name in ends and end is None
        free.append(None if is_unknown else max(0.0, (end - now).total_seconds()) if end else 0.0)
    return free


def _duration(job: TrainingJob, workers: Iterable[Worker]) -> float | None:
    """Seconds that the job will take by its estimate, which holds on GPUs alone."""
    if any(worker.device != CUDA for worker in workers):
        return None
    return float((job.estimated_total_cost - STORAGE) / job.hourly_rate) * 3600 if job.hourly_rate else None


def _a(name: str) -> str:
    return f"{'an' if name[:1].upper() in SPOKEN_WITH_A_VOWEL else 'a'} {name}"
