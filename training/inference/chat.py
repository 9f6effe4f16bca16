"""A chat completion, relayed: from whoever asks to the server that answers, and back as it comes."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2

from pipeline.serving.streams import Head, Parts
from training.core.api_error import ApiError
from training.inference.server import Remote, Served, Server, StartFailed
from training.inference.turns import Ticket, turns

TELL_SECONDS = 1.0
"""How often who waits for a server is told that it still does."""
JSON, EVENTS = "application/json", "text/event-stream; charset=utf-8"
UNAVAILABLE = "server_unavailable"
LOST = "The inference server was lost while it answered. It starts again with the next request."
AWAY = "The inference server does not answer. Try again in a moment."


@dataclass(frozen=True)
class Asked:
    """A request, and what answers it."""

    body: dict[str, Any]
    """As OpenAI's API has it."""
    served: Served
    adapter: Path | None
    """The folder of the adapter that ``model`` names; ``None``: the base model itself."""

    @property
    def is_stream(self) -> bool:
        return bool(self.body.get("stream"))


async def answer(asked: Asked) -> Parts:
    """The server's own answer, also where it refuses; before it, of a stream, comments on what is waited for."""
    ticket = Ticket(asked.served)
    entering = asyncio.ensure_future(turns.enter(ticket))
    is_begun = False
    try:
        while not (await asyncio.wait({entering}, timeout=TELL_SECONDS))[0]:
            if asked.is_stream:
                if not is_begun:
                    yield Head(HTTPStatus.OK, EVENTS)
                is_begun = True
                yield f": {turns.state(ticket)}\n\n".encode()
        async with aclosing(_relayed(entering.result(), asked, is_begun=is_begun)) as parts:
            async for part in parts:
                yield part
    except StartFailed as error:
        for part in _refusal(str(error), UNAVAILABLE, is_begun=is_begun):
            yield part
    finally:
        if not entering.cancel() and not entering.cancelled() and not entering.exception():
            turns.leave()


async def _relayed(server: Server | Remote, asked: Asked, *, is_begun: bool) -> Parts:
    """Raises nothing that a server can be the cause of."""
    try:
        async with server.client() as client, _asked(client, server, asked) as reply:
            if not is_begun:
                yield Head(reply.status_code, reply.headers.get("Content-Type", JSON))
            elif reply.status_code != HTTPStatus.OK:
                yield _event(await reply.aread())
                return
            is_begun = True
            async for piece in reply.aiter_raw():
                yield piece
    except httpx2.ConnectError:
        for part in _refusal(AWAY, UNAVAILABLE, is_begun=is_begun):
            yield part
    except httpx2.HTTPError:
        for part in _refusal(LOST, "server_lost", is_begun=is_begun):
            yield part


@asynccontextmanager
async def _asked(client: httpx2.AsyncClient, server: Server | Remote, asked: Asked) -> AsyncIterator[httpx2.Response]:
    """The server's reply, of which the head is there. An adapter that it does not know (any more) is loaded first."""
    name, folder = asked.body["model"], asked.adapter
    while True:
        was_known = server.loaded.get(name) == folder
        if folder is not None and (refused := await _load(client, server, name, folder)) is not None:
            yield refused
            return
        async with client.stream("POST", "/v1/chat/completions", json=asked.body) as reply:
            if folder is None or not was_known or reply.status_code != HTTPStatus.NOT_FOUND:
                yield reply
                return
        server.loaded.pop(name, None)  # whoever keeps the server has started it anew


async def _load(client: httpx2.AsyncClient, server: Server | Remote, name: str, folder: Path) -> httpx2.Response | None:
    """Have the server know this adapter by this name, and no older one; its refusal, where it refuses."""
    async with server.loading:
        if server.loaded.get(name) == folder:
            return None
        await client.post("/v1/unload_lora_adapter", json={"lora_name": name})  # of before: mostly there is none
        reply = await client.post("/v1/load_lora_adapter", json={"lora_name": name, "lora_path": str(folder)})
        if reply.status_code != HTTPStatus.OK:
            return reply
        server.loaded[name] = folder
        return None


def _refusal(message: str, code: str, *, is_begun: bool) -> Iterator[Head | bytes]:
    said = json.dumps(ApiError(message, status=HTTPStatus.SERVICE_UNAVAILABLE, code=code).body).encode()
    if is_begun:
        yield _event(said)
        return
    yield Head(HTTPStatus.SERVICE_UNAVAILABLE, JSON)
    yield said


def _event(said: bytes) -> bytes:
    return b"data: " + b" ".join(said.splitlines()) + b"\n\n"
