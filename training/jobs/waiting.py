"""What a queued job waits for, its place in the queue, and when it can be expected to start."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from training.core import status
from training.core.budget import STORAGE
from training.core.gpu_names import CUDA
from training.core.queue import Wait, expected_wait
from training.models import TrainingJob, Worker
from training.models.querysets import TrainingJobQuerySet

SPOKEN_WITH_A_VOWEL = "AEFHILMNORSX8"
LISTED = 5
"""Of a user's own jobs that are ahead: so many are named."""
FIGURES = ("estimated_total_cost", "hourly_rate", "plan__duration_hours", "plan__low_hours", "plan__high_hours")
"""Of a job ahead: what its length follows from."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """``position`` counts from 1, the next to start."""

    position: int
    reason: str
    expected_start_at: datetime | None = None
    """``None`` where nobody knows, and then neither are the other two."""
    expected_start_low: datetime | None = None
    """If the jobs ahead are as short as they may be: the 10th percentile of each."""
    expected_start_high: datetime | None = None
    """If they are as long as they may be: the 90th percentile of each."""
    own_ahead: tuple[UUID, ...] = ()
    """The same user's jobs that come before it, the next to start first; the first few."""

    @property
    def ahead(self) -> int:
        """Jobs of all users that come before it."""
        return self.position - 1


def waiting(job: TrainingJob) -> Waiting | None:
    """``None`` unless the job is queued."""
    if job.status != status.QUEUED:
        return None
    gpu, count = job.gpu_config["type"], job.gpu_config["count"]
    workers = list(Worker.objects.alive().serving(job.queue))
    able = [worker for worker in workers if worker.has_room_for(count)]
    ahead = _ahead(job)
    own = tuple(row["pk"] for row in ahead if row["user_id"] == job.user_id)
    place = Waiting(position=len(ahead) + 1, own_ahead=own[:LISTED], reason="")
    if not workers:
        return replace(place, reason=f"Waiting for {_a(gpu)} worker: none is connected.")
    if not able:
        most = max(worker.gpu_count for worker in workers)
        return replace(place, reason=f"Waiting for a worker with {count} × {gpu}: the largest has {most}.")
    if job.available_at > timezone.now():
        reason = "Waiting a little before it is tried again; the history says why."
        return _starting(replace(place, reason=reason), at=job.available_at)
    return _in_turn(place, gpu, able, ahead)


def _ahead(job: TrainingJob) -> list[dict[str, Any]]:
    """The jobs that start before it, in their order."""
    earlier = Q(queued_at__lt=job.queued_at) | Q(queued_at=job.queued_at, pk__lt=job.pk)
    jobs: TrainingJobQuerySet = TrainingJob.objects.waiting().on_gpus([job.gpu_config["type"]])
    return list(jobs.filter(earlier).values("pk", "user_id", *FIGURES))


def _in_turn(place: Waiting, gpu: str, able: list[Worker], ahead: list[dict[str, Any]]) -> Waiting:
    """With reason and start, of a job that waits for nothing but its turn."""
    free_in = _free_in(able)
    now = timezone.now()
    if not ahead and 0 in free_in:
        return _starting(replace(place, reason="Starting within moments."), at=now)
    busy = "All workers of its kind are busy." if 0 not in free_in else "Others were there before."
    place = replace(place, reason=f"Number {place.position} in the queue for {gpu}. {busy}")
    wait = expected_wait(free_in, [_duration(row, able) for row in ahead])
    if wait is None:
        return place
    low, at, high = (now + timedelta(seconds=seconds) for seconds in (wait.low, wait.middle, wait.high))
    return replace(place, expected_start_low=low, expected_start_at=at, expected_start_high=high)


def _starting(place: Waiting, *, at: datetime) -> Waiting:
    """Without a doubt."""
    return replace(place, expected_start_low=at, expected_start_at=at, expected_start_high=at)


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


def _duration(row: dict[str, Any], workers: Iterable[Worker]) -> Wait | None:
    """Seconds that a job ahead will take by its estimate and that one's range, which hold on GPUs alone."""
    if any(worker.device != CUDA for worker in workers) or not row["hourly_rate"]:
        return None
    seconds = float((row["estimated_total_cost"] - STORAGE) / row["hourly_rate"]) * 3600
    if not row["plan__duration_hours"]:  # a job from before there were plans
        return Wait(low=seconds, middle=seconds, high=seconds)
    low, high = (row[name] / row["plan__duration_hours"] for name in ("plan__low_hours", "plan__high_hours"))
    return Wait(low=seconds * low, middle=seconds, high=seconds * high)


def _a(name: str) -> str:
    return f"{'an' if name[:1].upper() in SPOKEN_WITH_A_VOWEL else 'a'} {name}"
