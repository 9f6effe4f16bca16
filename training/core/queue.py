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


def expected_wait(free_in: Sequence[float | None], ahead: Sequence[Wait | None]) -> Wait | None:
    """Until a job starts, or ``None`` where that cannot be known.

    One job at a time runs on a worker; the next goes to whichever is free first. The low wait is with all jobs ahead as
    short as they may be, the high one with all as long: their estimates have one source, so their errors do not cancel.

    Args:
        free_in: for each worker that may take the job, seconds until it is free (0: now); ``None``: not known.
        ahead: how long each job before it will take, in the order in which they start; ``None``: not known.
    """
    waits = [
        _seconds(free_in, [UNKNOWN if job is None else getattr(job, part) for job in ahead])
        for part in ("low", "middle", "high")
    ]
    low, middle, high = waits
    return None if UNKNOWN in waits else Wait(low=low, middle=middle, high=high)


def _seconds(free_in: Sequence[float | None], ahead: Iterable[float]) -> float:
    """Until the job after those ahead starts; UNKNOWN without a worker."""
    workers = [UNKNOWN if seconds is None else max(0.0, seconds) for seconds in free_in]
    heapq.heapify(workers)
    for seconds in ahead:
        if workers:
            heapq.heapreplace(workers, workers[0] + seconds)
    return min(workers, default=UNKNOWN)
