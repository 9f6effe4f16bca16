"""The states of a training job and the moves between them.

``queued -> initializing -> running -> completed | failed | cancelled``; back to ``queued`` only by recovery
(a worker died or was stopped) or by an explicit retry.
"""

QUEUED = "queued"
INITIALIZING = "initializing"
RUNNING = "running"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"

ALL = (QUEUED, INITIALIZING, RUNNING, COMPLETED, FAILED, CANCELLED)
CLAIMED = (INITIALIZING, RUNNING)
"""A worker has the job."""
ACTIVE = (QUEUED, *CLAIMED)
FINAL = (COMPLETED, FAILED, CANCELLED)

TRANSITIONS: dict[str, frozenset[str]] = {
    QUEUED: frozenset({INITIALIZING, CANCELLED}),
    INITIALIZING: frozenset({RUNNING, FAILED, CANCELLED, QUEUED}),
    RUNNING: frozenset({COMPLETED, FAILED, CANCELLED, QUEUED}),
    COMPLETED: frozenset(),
    FAILED: frozenset({QUEUED}),
    CANCELLED: frozenset({QUEUED}),
}
"""Status -> statuses that a job may move to from it."""


def sources(target: str) -> tuple[str, ...]:
    """The statuses from which a job may move to ``target``."""
    return tuple(status for status in ALL if target in TRANSITIONS[status])
