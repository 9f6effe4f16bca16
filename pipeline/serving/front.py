"""The ASGI application that Granian serves: a request waits for its client here, and for nothing else in a thread."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from http import HTTPStatus
from typing import IO, Any

from django.conf import settings

from pipeline.outages import outage
from pipeline.serving import bodies, wsgi
from pipeline.serving.limits import allowance, takes_files
from pipeline.serving.refusals import REFUSED
from pipeline.serving.streams import Head, Parts

logger = logging.getLogger(__name__)

CHUNK_BYTES = 128 * 1024
READING_SECONDS = 600.0
"""For a client to take a chunk. The system's buffers hold megabytes before it: a slow line needs minutes for those."""

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Front:
    """Takes the body in, has the application answer in a thread, and sends the answer as fast as it is read."""

    def __init__(self, application: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="web")
        settings.UPLOADING_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def __call__(self, scope: Mapping[str, Any], receive: bodies.Receive, send: Send) -> None:
        with bodies.spool() as body:
            environ = wsgi.environ(scope)
            environ |= await self._taken_in(scope, receive, body, environ)
            answer = await self._in_thread(wsgi.call, self._application, environ)
        try:
            if answer.make:
                await _stream(answer, answer.make, receive, send)
            else:
                await _send(answer, receive, send, with_content=scope["method"] != "HEAD")
        finally:
            await self._in_thread(answer.content.close) if answer.is_file else answer.content.close()

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def _taken_in(
        self, scope: Mapping[str, Any], receive: bodies.Receive, body: IO[bytes], environ: dict[str, Any]
    ) -> dict[str, Any]:
        """The body and its length as the application is to see them; or none, and why.

        Who says too much to an address that takes files is told by that address, which sees the length.
        """
        stated = int(dict(scope["headers"]).get(b"content-length", 0))
        status = HTTPStatus.BAD_REQUEST
        try:
            taken = await bodies.take_in(receive, body, stated=stated, ask=lambda: self._in_thread(allowance, environ))
            return {"wsgi.input": body, "CONTENT_LENGTH": str(taken)}
        except bodies.TooLarge:
            if await self._in_thread(takes_files, environ["PATH_INFO"]):
                length = max(stated, settings.DATASET_MAX_BYTES + CHUNK_BYTES)
                return {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": str(length)}
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        except bodies.Silent:
            status = HTTPStatus.REQUEST_TIMEOUT
        except bodies.Gone:
            status = HTTPStatus.BAD_REQUEST
        except OSError as error:
            if (found := outage(error)) is None:
                raise
            status = found.status
        return {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0", REFUSED: status}


async def _send(answer: wsgi.Answer, receive: bodies.Receive, send: Send, *, with_content: bool) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    chunk = await _read(answer) if with_content else b""
    if len(chunk) < CHUNK_BYTES:
        return await send({"type": "http.response.body", "body": chunk})
    gone = asyncio.ensure_future(receive())
    try:
        await _send_on(answer, chunk, gone, send)
    except TimeoutError:
        logger.info("a client stopped reading")
    finally:
        gone.cancel()
    return None


async def _send_on(answer: wsgi.Answer, chunk: bytes, gone: asyncio.Future[Any], send: Send) -> None:
    """Chunk by chunk, until the client has read it all or hung up. Raises TimeoutError when it takes nothing."""
    while chunk and not gone.done():
        async with asyncio.timeout(READING_SECONDS):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        chunk = await _read(answer)
    if not chunk:
        await send({"type": "http.response.body"})


async def _stream(answer: wsgi.Answer, make: Callable[[], Parts], receive: bodies.Receive, send: Send) -> None:
    """Part by part as it is made; once whoever reads it is gone, it is made no further."""
    making = asyncio.ensure_future(_send_made(answer, make(), send))
    gone = asyncio.ensure_future(receive())
    try:
        await asyncio.wait({making, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        making.cancel()
        gone.cancel()
    try:
        await making
    except asyncio.CancelledError:
        logger.info("a client left a stream")
    except TimeoutError:
        logger.info("a client stopped reading")


async def _send_made(answer: wsgi.Answer, parts: Parts, send: Send) -> None:
    own = [header for header in answer.headers if header[0] not in (b"content-type", b"content-length")]
    async with aclosing(parts):
        async for part in parts:
            if isinstance(part, Head):
                headers = [*own, (b"content-type", part.content_type.encode())]
                await send({"type": "http.response.start", "status": part.status, "headers": headers})
            else:
                async with asyncio.timeout(READING_SECONDS):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


async def _read(answer: wsgi.Answer) -> bytes:
    if not answer.is_file:
        return answer.content.read(CHUNK_BYTES)
    return await asyncio.get_running_loop().run_in_executor(bodies.disk, answer.content.read, CHUNK_BYTES)
