"""When a failed attempt is worth another one, and how long that one waits."""

FACTOR = 6
"""Each delay is this many times the one before: 5 s, 30 s, 3 min …"""

TRANSIENT = frozenset({"worker_lost", "worker_error", "killed", "crashed", "already_running", "internal", "disk_full"})
"""Failures that another try, perhaps on another host, may not meet again. The rest (a bad model path, data that
cannot be read, a diverged loss, too few GPUs) would only repeat."""


def is_worth_retrying(code: str, *, steps_made: int) -> bool:
    """Whether the next attempt may end otherwise than one that failed.

    Running out of memory before the first step is a matter of size and would repeat; later, another process on the
    card may have been the cause.

    Args:
        code: why it failed.
        steps_made: its own training steps before that.
    """
    return code in TRANSIENT or (code == "out_of_memory" and steps_made > 0)


def retry_delay(crashes: int, *, first: float) -> float:
    """Seconds to wait before the next attempt.

    Args:
        crashes: failed attempts so far, at least 1.
        first: seconds after the first of them.
    """
    return first * float(FACTOR ** (crashes - 1))
