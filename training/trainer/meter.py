"""How long this attempt's steps took, and everything around them."""

import contextlib
import time
from collections.abc import Iterator


class Meter:
    """Adds up wall-clock seconds by what they went into."""

    def __init__(self, began: float) -> None:
        """``began``: Unix time at which the trainer was started."""
        self._began = began
        self.startup_seconds = 0.0
        self.evaluation_seconds = 0.0
        self.saving_seconds = 0.0
        self.last_saving_seconds = 0.0
        self.steps = 0
        self.longest_sequence = 0
        self.most_sequences = 0
        """In one forward pass of training, in this process."""
        self._first = (0.0, 0)
        self._seconds = 0.0
        self._tokens = 0

    def started(self) -> None:
        """Loading is over, the first step comes next."""
        self.startup_seconds = time.time() - self._began

    def took_step(self, seconds: float, *, tokens: int, longest: int, sequences: int) -> None:
        """Count a step.

        Args:
            seconds: Of wall-clock time.
            tokens: Without padding, of all processes.
            longest: Tokens of its longest sequence.
            sequences: The most in one forward pass of this process.
        """
        if self.steps == 0:
            self._first = (seconds, tokens)
        self.steps += 1
        self._seconds += seconds
        self._tokens += tokens
        self.longest_sequence = max(self.longest_sequence, longest)
        self.most_sequences = max(self.most_sequences, sequences)

    @contextlib.contextmanager
    def evaluating(self) -> Iterator[None]:
        """Count the block's time as evaluation."""
        began = time.monotonic()
        yield
        self.evaluation_seconds += time.monotonic() - began

    @contextlib.contextmanager
    def saving(self) -> Iterator[None]:
        """Count the block's time as saving."""
        began = time.monotonic()
        yield
        self.last_saving_seconds = time.monotonic() - began
        self.saving_seconds += self.last_saving_seconds

    def pace(self) -> tuple[float, float]:
        """Seconds a step and tokens a second, the first step, which warms up, left out where there are others."""
        if self.steps < 2:
            return self._seconds, self._tokens / self._seconds
        seconds, tokens = self._seconds - self._first[0], self._tokens - self._first[1]
        return seconds / (self.steps - 1), tokens / seconds
