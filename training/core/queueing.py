"""When a waiting job can be expected to start. Pure."""

import heapq
from collections.abc import Sequence


def expected_wait(free_in: Sequence[float | None], ahead: Sequence[float | None]) -> float | None:
    """Seconds until a job starts, or ``None`` when that cannot be known.

    ``free_in``: for each worker that may take it, seconds until it is free (0: now). ``ahead``: how long each job
    before it will take, in the order they start. One job at a time runs on a worker; the next goes to whichever is
    free first. A ``None`` in either is a time nobody knows: the answer is still known where it does not depend on it.
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
