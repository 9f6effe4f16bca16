"""When what was down, so that an answer can be held against it."""

import contextlib
import time
from collections.abc import Iterator

GRACE_SECONDS = 3.0
"""Connections that an outage broke are noticed a little later."""


class Outages:
    """By name, from when to when."""

    def __init__(self) -> None:
        self._spans: list[list[float | str]] = []

    def began(self, name: str) -> list[float | str]:
        span: list[float | str] = [name, time.monotonic(), float("inf")]
        self._spans.append(span)
        return span

    @staticmethod
    def ended(span: list[float | str]) -> None:
        span[2] = time.monotonic()

    @contextlib.contextmanager
    def during(self, name: str) -> Iterator[None]:
        """An outage as long as the block."""
        span = self.began(name)
        try:
            yield
        finally:
            self.ended(span)

    def between(self, began: float, ended: float) -> set[str]:
        """What was down at some moment of that time, or shortly before."""
        return {
            str(name) for name, down, up in self._spans if float(down) <= ended and began <= float(up) + GRACE_SECONDS
        }
