"""An answer that grows while it is read: the front has it made in its event loop, and no thread waits for it."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from django.http import HttpResponse


@dataclass(frozen=True)
class Head:
    """What stands before the first byte."""

    status: int
    content_type: str


Parts = AsyncGenerator[Head | bytes, None]
"""The head, then the content. It is closed as soon as whoever reads it is gone."""


class Stream(HttpResponse):
    """What a view returns in place of the answer: how it is made. Its own headers are sent, its status is not."""

    def __init__(self, make: Callable[[], Parts]) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        self.make = make
