"""Who is answered when: one server at a time, and one line for all, whichever base model they ask for."""

import asyncio
import time
from collections import deque

from django.conf import settings

from training.inference.server import Remote, Served, Server

LOOK_SECONDS = 0.05
IDLE_LOOK_SECONDS = 1.0


class Ticket:
    """A place in the line."""

    def __init__(self, served: Served) -> None:
        self.served = served


class Turns:
    """Lives in one event loop, which is why nothing is locked.

    A server whose base model is asked for takes any number of requests, which it answers in their order. Who asks for
    another base model waits until those before are through, and those who come later wait behind.
    """

    def __init__(self) -> None:
        self._line: deque[Ticket] = deque()
        self._server: Server | None = None
        self._remote = Remote()
        self._users = 0
        self._last_used = 0.0
        self._watch: asyncio.Future[None] | None = None

    def state(self, ticket: Ticket) -> str:
        """What one waits for, in a word or two for machines: ``starting`` or ``queued 3``; 1 is next."""
        place = self._line.index(ticket) if ticket in self._line else 0
        return f"queued {place + 1}" if place or not self._is_turn(ticket) else "starting"

    async def enter(self, ticket: Ticket) -> Server | Remote:
        """Wait for one's turn, and for the server; ``leave`` must follow. Raises StartFailed."""
        if settings.INFERENCE_URL:
            self._users += 1
            return self._remote
        self._line.append(ticket)
        try:
            while not self._is_turn(ticket):
                await asyncio.sleep(LOOK_SECONDS)
            server = await self._server_for(ticket.served)
            await server.ready()
            self._users += 1
            return server
        finally:
            self._line.remove(ticket)

    def leave(self) -> None:
        """One is through."""
        self._users -= 1
        self._last_used = time.monotonic()

    def _is_turn(self, ticket: Ticket) -> bool:
        return self._line[0] is ticket and (self._users == 0 or self._serves(ticket.served))

    def _serves(self, served: Served) -> bool:
        return self._server is not None and self._server.served == served and not self._server.is_over

    async def _server_for(self, served: Served) -> Server:
        if self._server is not None and not self._serves(served):
            before, self._server = self._server, None
            await before.close()
        if self._server is None:
            self._server = Server(served)
            self._last_used = time.monotonic()
        if self._watch is None or self._watch.done():
            self._watch = asyncio.ensure_future(self._end_idle())
        return self._server

    async def _end_idle(self) -> None:
        """End the server once nobody has asked for long: its memory is wanted elsewhere."""
        while self._server is not None:
            await asyncio.sleep(IDLE_LOOK_SECONDS)
            is_idle = not self._users and not self._line
            if is_idle and time.monotonic() - self._last_used > settings.INFERENCE_IDLE_SECONDS:
                before, self._server = self._server, None
                if before is not None:
                    await before.close()


turns = Turns()
"""Of this process."""
