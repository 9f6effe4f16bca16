"""What a queued job waits for, its place in the queue, and when it can be expected to start."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from training.core import status
from training.core.budget import STORAGE
from training.core.gpu_names import CUDA
from training.core.queue import UNKNOWN, Wait, expected_wait
from training.models import TrainingJob, Worker
from training.models.querysets import TrainingJobQuerySet

SPOKEN_WITH_A_VOWEL = "AEFHILMNORSX8"
LISTED = 5
"""Of a user's own jobs that are ahead: so many are named."""
ONE_BY_ONE = 50
"""Of the jobs ahead, so many are followed from worker to worker; of the rest, the times are added up."""
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
    workers = _workers(job.queue)
    able = [worker for worker in workers if worker.has_room_for(count)]
    ahead = _ahead(job)
    place = Waiting(position=ahead.count + 1, own_ahead=ahead.own, reason="")
    if not workers:
        return replace(place, reason=f"Waiting for {_a(gpu)} worker: none is connected.")
    if not able:
        most = max(worker.gpu_count for worker in workers)
        return replace(place, reason=f"Waiting for a worker with {count} × {gpu}: the largest has {most}.")
    if job.available_at > timezone.now():
        reason = "Waiting a little before it is tried again; the history says why."
        return _starting(replace(place, reason=reason), at=job.available_at)
    return _in_turn(place, gpu, able, ahead)


@dataclass(frozen=True, kw_only=True)
class _Ahead:
    """The jobs that start before one. ``priced``: how many there are, and what they cost together, by hourly rate."""

    first: list[dict[str, Any]]
    own: tuple[UUID, ...]
    priced: dict[Decimal, tuple[int, Decimal]]

    @property
    def count(self) -> int:
        return sum(count for count, _ in self.priced.values())


def _workers(queue: str) -> list[Any]:
    """Those of a queue that are there, each with whether it ``is_busy``, and the time it then ``ends_at`` if known."""
    held = TrainingJob.objects.claimed().filter(worker=OuterRef("name")).order_by()
    ends_at = Subquery(held.values("expected_finish_at")[:1])
    return list(Worker.objects.alive().serving(queue).annotate(is_busy=Exists(held), ends_at=ends_at))


def _ahead(job: TrainingJob) -> _Ahead:
    """Two queries, however many there are."""
    waiting: TrainingJobQuerySet = TrainingJob.objects.waiting().on_gpus([job.gpu_config["type"]])
    earlier = waiting.filter(Q(queued_at__lt=job.queued_at) | Q(pk__lt=job.pk), queued_at__lte=job.queued_at)
    rows = earlier.values("pk", "user_id", "queued_at", *FIGURES)
    found = list(rows[:ONE_BY_ONE].union(rows.filter(user_id=job.user_id)[:LISTED]).order_by("queued_at", "pk"))
    priced = earlier.order_by().values_list("hourly_rate").annotate(Count("pk"), Sum("estimated_total_cost"))
    return _Ahead(
        first=found[:ONE_BY_ONE],
        own=tuple(row["pk"] for row in found if row["user_id"] == job.user_id)[:LISTED],
        priced={rate: (count, cost) for rate, count, cost in priced},
    )


def _in_turn(place: Waiting, gpu: str, able: list[Any], ahead: _Ahead) -> Waiting:
    """With reason and start, of a job that waits for nothing but its turn."""
    free_in = _free_in(able)
    now = timezone.now()
    if not ahead.count and 0 in free_in:
        return _starting(replace(place, reason="Starting within moments."), at=now)
    busy = "All workers of its kind are busy." if 0 not in free_in else "Others were there before."
    place = replace(place, reason=f"Number {place.position:,} in the queue for {gpu}. {busy}")
    first = [_duration(row, able) for row in ahead.first]
    wait = expected_wait(free_in, first, then=_rest(ahead, first) if ahead.count > len(first) else None)
    if wait is None:
        return place
    low, at, high = (now + timedelta(seconds=seconds) for seconds in (wait.low, wait.middle, wait.high))
    return replace(place, expected_start_low=low, expected_start_at=at, expected_start_high=high)


def _rest(ahead: _Ahead, first: list[Wait | None]) -> Wait:
    """What all jobs ahead but the first ones take together, with the doubt that those have."""
    known = [wait for wait in first if wait]
    if len(known) < len(first) or 0 in ahead.priced:
        return Wait(low=UNKNOWN, middle=UNKNOWN, high=UNKNOWN)
    low, middle, high = (sum(getattr(wait, part) for wait in known) for part in ("low", "middle", "high"))
    hours = sum(float((cost - count * STORAGE) / rate) for rate, (count, cost) in ahead.priced.items())
    seconds = max(0.0, hours * 3600 - middle)
    shortest, longest = (low / middle, high / middle) if middle else (1.0, 1.0)
    return Wait(low=seconds * shortest, middle=seconds, high=seconds * longest)


def _starting(place: Waiting, *, at: datetime) -> Waiting:
    """Without a doubt."""
    return replace(place, expected_start_low=at, expected_start_at=at, expected_start_high=at)


def _free_in(workers: Iterable[Any]) -> list[float | None]:
    """Seconds until each worker is free; 0 now, ``None`` when its job has no pace yet."""
    now = timezone.now()
    return [_left(worker.ends_at, now) if worker.is_busy else 0.0 for worker in workers]


def _left(end: datetime | None, now: datetime) -> float | None:
    return None if end is None else max(0.0, (end - now).total_seconds())


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
