"""What is old is removed a little at a time: oldest first, a statement a batch, so that nobody waits for a lock."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

BATCH = 1000
"""Rows that one statement removes: some milliseconds of locks."""
SECONDS = 20.0
"""The longest that one kind of rows is being removed for at a time; the next hour goes on."""


def cutoff(days: float) -> datetime | None:
    """The moment before which is removed what is kept for so many days; ``None``: it is kept for ever."""
    return timezone.now() - timedelta(days=days) if days > 0 else None


def remove(rows: "models.QuerySet[Any]", *, oldest_first: str) -> int:
    """Remove rows that nothing else hangs on, without reading them; returns how many went.

    Args:
        rows: what is to go.
        oldest_first: the column by which they are ordered.
    """
    oldest = rows.order_by(oldest_first).values("pk")[:BATCH]
    everything: models.QuerySet[Any] = rows.model._base_manager.all()
    return in_batches(lambda: everything.filter(pk__in=oldest).delete()[0])


def in_batches(remove_some: Callable[[], int]) -> int:
    """Have a batch removed until none is left or the time is over; returns the sum.

    Args:
        remove_some: removes at most BATCH rows and returns how many; fewer than that: there are no more.
    """
    end = time.monotonic() + SECONDS
    removed = 0
    while time.monotonic() < end:
        batch = remove_some()
        removed += batch
        if batch < BATCH:
            break
    return removed
