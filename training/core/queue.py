"""When a waiting job can be expected to start."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

UNKNOWN = float("inf")


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Seconds, with their doubt."""

    low: float
    middle: float
    high: float


def expected_wait(
    free_in: Sequence[float | None], ahead: Sequence[Wait | None], *, then: Wait | None = None
) -> Wait | None:
    """Until a job starts, or ``None`` where that cannot be known.

    One job at a time runs on a worker; the next goes to whichever is free first. The low wait is with all jobs ahead as
    short as they may be, the high one with all as long: their estimates have one source, so their errors do not cancel.

    Args:
        free_in: for each worker that may take the job, seconds until it is free (0: now); ``None``: not known.
        ahead: how long each job before it will take, in the order in which they start; ``None``: not known.
        then: the seconds of all the many jobs between those and it, added up. They are taken to spread over the workers
            like water, which is too late by the longest of them at most, and never too early.
    """
    waits = [
        _seconds(
            free_in,
            [UNKNOWN if job is None else getattr(job, part) for job in ahead],
            getattr(then, part) if then else 0.0,
        )
        for part in ("low", "middle", "high")
    ]
    low, middle, high = waits
    return None if UNKNOWN in waits else Wait(low=low, middle=middle, high=high)


def _seconds(free_in: Sequence[float | None], ahead: Iterable[float], then: float) -> float:
    """Until the job after those ahead starts; UNKNOWN without a worker."""
    workers = [UNKNOWN if seconds is None else max(0.0, seconds) for seconds in free_in]
    heapq.heapify(workers)
    for seconds in ahead:
        if workers:
            heapq.heapreplace(workers, workers[0] + seconds)
    return _level(sorted(workers), then) if workers else UNKNOWN


def _level(free_in: Sequence[float], poured: float) -> float:
    """How high so many seconds stand when they are poured over the workers, the first to be free filled first."""
    filled = 0.0
    for count, (lowest, following) in enumerate(zip(free_in, [*free_in[1:], UNKNOWN], strict=True), start=1):
        filled += lowest
        level = (poured + filled) / count
        if level <= following:
            return level
    return UNKNOWN
