"""When a waiting job can be expected to start."""

import heapq
from collections.abc import Sequence


def expected_wait(free_in: Sequence[float | None], ahead: Sequence[float | None]) -> float | None:
    """Seconds until a job starts, or ``None`` where that cannot be known.

    One job at a time runs on a worker; the next goes to whichever is free first.

    Args:
        free_in: for each worker that may take the job, seconds until it is free (0: now); ``None``: not known.
        ahead: seconds that each job before it will take, in the order in which they start; ``None``: not known.
    """
    if not free_in:
        return None
    unknown = float("inf")
    workers = [unknown if seconds is None else max(0.0, seconds) for seconds in free_in]
    heapq.heapify(workers)
    for seconds in ahead:
        start = workers[0]
        heapq.heapreplace(workers, start + (unknown if seconds is None else seconds))
    return None if workers[0] == unknown else workers[0]
