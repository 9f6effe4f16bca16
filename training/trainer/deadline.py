"""The deadline of a run: whether there is time for one more step, and for saving what it did."""

import time
from collections import deque

RECENT_STEPS = 50
SAVING_BYTES_PER_SECOND = 100e6
"""Assumed until a checkpoint was written."""
SLACK = 1.5
"""A last step and its saving may take so many times what the longest took: on a busy host they do."""


class Deadline:
    """The time by which the run must have ended, and how long a step and a checkpoint are expected to take."""

    def __init__(self, at: float | None) -> None:
        """``at``: Unix time in seconds; ``None`` when the run may take as long as it needs."""
        self._at = at
        self._steps = deque([0.0], maxlen=RECENT_STEPS)
        self._saving = 1.0
        self._is_guess = True

    def expect(self, *, step_seconds: float, saving_bytes: int) -> None:
        """What to assume until it was measured: a step as in earlier attempts, and a checkpoint of so many bytes."""
        self._steps.append(step_seconds)
        self._saving += saving_bytes / SAVING_BYTES_PER_SECOND

    def took_step(self, seconds: float) -> None:
        """Take note of a step's duration; the last RECENT_STEPS count."""
        self._steps.append(seconds)

    def took_saving(self, seconds: float) -> None:
        """Take note of a checkpoint's duration; the longest counts."""
        self._saving = seconds if self._is_guess else max(self._saving, seconds)
        self._is_guess = False

    @property
    def is_too_near(self) -> bool:
        """One more step and saving, each SLACK times the longest of late, would end after it."""
        return self._at is not None and time.time() + SLACK * (max(self._steps) + self._saving) > self._at
