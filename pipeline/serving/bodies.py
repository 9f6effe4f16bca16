"""Take a request's body in, whole and spooled to disk, before a thread of the application sees the request."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from django.conf import settings

from pipeline.serving.limits import ANYBODY_BYTES

SPOOL_BYTES = ANYBODY_BYTES
"""What is kept in memory; more is on disk."""
SILENCE_SECONDS = 60.0
"""In which no byte comes: the client is given up. However slow it is, while bytes come it is not."""

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Ask = Callable[[], Awaitable[int]]

disk = ThreadPoolExecutor(4, thread_name_prefix="disk")
"""Reads and writes of spools and files, which a slow disk may hold up, but no client."""


class TooLarge(Exception):
    """More than the address takes from this visitor has been announced, or has come."""


class Silent(Exception):
    """The client sent nothing more for too long."""


class Gone(Exception):
    """The client hung up, or sent what is no body."""


def spool(max_size: int = SPOOL_BYTES) -> IO[bytes]:
    """A file without a name, which vanishes when it is closed or its process dies."""
    return tempfile.SpooledTemporaryFile(max_size=max_size, dir=str(settings.UPLOADING_DIR))


async def take_in(receive: Receive, body: IO[bytes], *, stated: int, ask: Ask) -> int:
    """Write the body; returns its length. ``ask`` says what this visitor may send to this address, once it matters.

    Raises TooLarge as soon as that is known, Silent, Gone, and OSError where the disk is full.
    """
    limit = await _granted(stated, ANYBODY_BYTES, ask)
    taken, more = 0, True
    while more:
        chunk, more = await _next(receive)
        taken += len(chunk)
        limit = await _granted(taken, limit, ask)
        await _write(body, chunk)
    body.seek(0)
    return taken


async def _granted(needed: int, limit: int, ask: Ask) -> int:
    if needed <= limit:
        return limit
    if needed > (limit := await ask()):
        raise TooLarge
    return limit


async def _next(receive: Receive) -> tuple[bytes, bool]:
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            message = await receive()
    except TimeoutError:
        raise Silent from None
    if message["type"] != "http.request":
        raise Gone
    return message.get("body", b""), message.get("more_body", False)


async def _write(body: IO[bytes], chunk: bytes) -> None:
    if body.tell() + len(chunk) <= SPOOL_BYTES:
        body.write(chunk)
    else:
        await asyncio.get_running_loop().run_in_executor(disk, body.write, chunk)
