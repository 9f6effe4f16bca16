"""Requests, one after another in the order of their coming, by one thread."""

import threading
from collections import deque
from http import HTTPStatus
from typing import NoReturn

from training.core.api_error import ApiError

from .answer import Answer


class Line:
    """Where answers wait for their turn. Any thread may join; one serves."""

    def __init__(self, *, most: int) -> None:
        """``most``: answers that may wait at once."""
        self._most = most
        self._waiting: deque[Answer] = deque()
        self._changed = threading.Condition()

    def join(self, answer: Answer) -> None:
        """Wait for a turn behind all others. Raises ApiError (429) where too many wait."""
        with self._changed:
            if len(self._waiting) >= self._most:
                raise ApiError(
                    f"{self._most} requests wait already. Try again in a moment.",
                    status=HTTPStatus.TOO_MANY_REQUESTS,
                    code="queue_full",
                )
            self._waiting.append(answer)
            self._changed.notify()

    def leave(self, answer: Answer) -> None:
        """Nobody waits for the answer any more; harmless when it is complete."""
        answer.cancel()
        with self._changed:
            if answer in self._waiting:
                self._waiting.remove(answer)

    def place(self, answer: Answer) -> int:
        """1 for the next one; 0 when its turn has come."""
        with self._changed:
            return self._waiting.index(answer) + 1 if answer in self._waiting else 0

    def serve(self) -> NoReturn:
        """Make one answer after another, for ever."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                answer = self._waiting.popleft()
            answer.run()
