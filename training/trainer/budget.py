"""The deadline: whether there is time for one more step, and for saving what it did."""

import time
from collections import deque

RECENT_STEPS = 50
SAVING_BYTES_PER_SECOND = 100e6
"""Assumed until a checkpoint was written."""


class Budget:
    """Knows how long steps and saving take, and stops in time. No deadline: never."""

    def __init__(self, deadline: float | None) -> None:
        """``deadline`` is Unix time."""
        self.deadline = deadline
        self._steps = deque([0.0], maxlen=RECENT_STEPS)
        self._saving = 1.0
        self._is_guess = True

    def expect(self, *, step_seconds: float, saving_bytes: int) -> None:
        """What to assume until it was measured: a step as in earlier attempts, and a checkpoint of so many bytes."""
        self._steps.append(step_seconds)
        self._saving += saving_bytes / SAVING_BYTES_PER_SECOND

    def took_step(self, seconds: float) -> None:
        self._steps.append(seconds)

    def took_saving(self, seconds: float) -> None:
        self._saving = seconds if self._is_guess else max(self._saving, seconds)
        self._is_guess = False

    @property
    def is_spent(self) -> bool:
        """One more step, as long as the longest of late, and saving would end after the deadline."""
        return self.deadline is not None and time.time() + max(self._steps) + self._saving > self.deadline
