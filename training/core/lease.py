"""How long a trainer may live without its worker."""

LEASE_SHARE = 0.75
"""Of the silence after which a job is given to another worker: its old trainer is dead before that."""


def lease_seconds(silence_seconds: float) -> float:
    """Seconds that a trainer lives without its worker's heartbeat.

    Args:
        silence_seconds: how long a worker may be silent before its job is given to another one
            (PIPELINE_WORKER_SILENCE_SECONDS).
    """
    return silence_seconds * LEASE_SHARE
