"""When a failed attempt is worth another one, and how long that one waits. Pure."""

FACTOR = 6
"""Each delay is this many times the one before: 5 s, 30 s, 3 min …"""

TRANSIENT = frozenset({"worker_lost", "worker_error", "killed", "crashed", "already_running", "internal"})
"""Failures that another try, perhaps on another host, may not meet again. The rest (a bad model path, data that
cannot be read, a diverged loss, too few GPUs, a full disk) would only repeat."""


def is_worth_retrying(code: str, *, steps_made: int) -> bool:
    """Whether an attempt that failed with ``code`` after ``steps_made`` steps of its own may end otherwise next time.

    Out of memory before the first step is a matter of size and would repeat; later it may have been a neighbour's.
    """
    return code in TRANSIENT or (code == "out_of_memory" and steps_made > 0)


def retry_delay(crashes: int, *, first: float) -> float:
    """Seconds to wait after the ``crashes``-th failed attempt (from 1)."""
    return first * FACTOR ** (crashes - 1)
