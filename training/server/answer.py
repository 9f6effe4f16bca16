"""One answer, from its turn to its end, as events for whoever sends it."""

import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from queue import SimpleQueue

from training.core.api_error import ApiError
from training.trainer.errors import is_out_of_memory

from .adapters import Adapter
from .base import Base
from .generation import tokens
from .memory import Memory
from .requests import ChatRequest
from .sampling import Sampler
from .text import Stops, Writer


@dataclass(frozen=True)
class Timings:
    """How long what took, in seconds."""

    queued_seconds: float
    """From the request to its turn."""
    adapter_seconds: float
    """From there until the adapter was on the base model, or off."""
    first_token_seconds: float
    """From its turn to the first token, the adapter included."""
    tokens_per_second: float | None
    """After the first token; ``None`` where no second came."""


@dataclass(frozen=True)
class End:
    """The answer is complete."""

    finish_reason: str
    """``stop``: it ended by itself or at a stop string; ``length``: at the most tokens that it could have."""
    prompt_tokens: int
    completion_tokens: int
    """All that were generated, the one that ends the answer included."""
    timings: Timings


Event = str | End | ApiError
"""A piece of the answer, its end, or why there is none."""


class Answer:
    """A request that waits for its turn. After an ``End`` or an ``ApiError`` no further event comes."""

    def __init__(
        self, base: Base, memory: Memory, *, request: ChatRequest, adapter: Adapter | None, prompt: list[int]
    ) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        self._base = base
        self._memory = memory
        self._request = request
        self._adapter = adapter
        self._prompt = prompt
        self._asked = time.monotonic()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Nobody waits for it any more: it ends before its next token."""
        self._cancelled.set()

    def run(self) -> None:
        """Make it; on the thread that generates."""
        try:
            self.events.put(self._make())
        except ApiError as error:
            self.events.put(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits is told, and the next one is answered
            self.events.put(_unexpected(error))

    def _make(self) -> End:
        clock = _Clock(self._asked)
        writer, stops = Writer(self._base.tokenizer), Stops(self._request.stop)
        finish_reason = "length"
        with self._memory.using(self._adapter):
            clock.switched = time.monotonic()
            for token in self._tokens():
                clock.tick()
                if token in self._base.ends:
                    finish_reason = "stop"
                    break
                self._say(stops.add(writer.add(token)))
                if stops.is_reached:
                    break
        if not stops.is_reached:
            self._say(stops.add(writer.rest()))
            self._say(stops.rest())
        if stops.is_reached:
            finish_reason = "stop"
        return End(finish_reason, len(self._prompt), clock.tokens, clock.timings)

    def _tokens(self) -> Iterator[int]:
        room = self._base.context - len(self._prompt)
        request = self._request
        return tokens(
            self._base,
            self._prompt,
            sampler=Sampler(temperature=request.temperature, top_p=request.top_p, seed=request.seed),
            most=room if request.max_tokens is None else min(request.max_tokens, room),
            is_over=self._cancelled.is_set,
        )

    def _say(self, text: str) -> None:
        if text:
            self.events.put(text)


class _Clock:
    """Notes when what happened."""

    def __init__(self, asked: float) -> None:
        self._asked = asked
        self._began = self.switched = time.monotonic()
        self._first = self._last = 0.0
        self.tokens = 0

    def tick(self) -> None:
        """There is another token."""
        self._last = time.monotonic()
        self._first = self._first or self._last
        self.tokens += 1

    @property
    def timings(self) -> Timings:
        spent = self._last - self._first
        return Timings(
            queued_seconds=self._began - self._asked,
            adapter_seconds=self.switched - self._began,
            first_token_seconds=max(0.0, self._first - self._began),
            tokens_per_second=(self.tokens - 1) / spent if spent else None,
        )


def _unexpected(error: Exception) -> ApiError:
    traceback.print_exception(error, file=sys.stderr)
    if is_out_of_memory(error):
        return ApiError(
            "Memory ran out while this was answered. Shorten the messages, or ask for fewer tokens.",
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
            code="out_of_memory",
        )
    return ApiError(
        f"The server failed unexpectedly ({type(error).__name__}). Its log has the details.",
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="internal",
    )
