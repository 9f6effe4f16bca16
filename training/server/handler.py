"""A connection: requests by HTTP, answers as JSON or, token by token, as server-sent events."""

import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from queue import Empty
from typing import Any, ClassVar
from urllib.parse import urlsplit

from training.core.api_error import ApiError

from . import strict_json
from .answer import Answer, End
from .replies import Reply
from .requests import ChatRequest
from .service import Service

LONGEST_BODY = 4 * 1024**2
"""Bytes."""
MOST_SKIPPED = 64 * 1024**2
"""Bytes of a body that was refused."""
MOST_DIGITS = 13
"""Of a body's length: as many as say that it is too long."""
PATIENCE_SECONDS = 60.0
"""How long a client may neither send what it announced nor take what it is sent."""
LOOK_SECONDS = 0.1
"""How often it is looked whether a client that waits is still there."""
PLACE_SECONDS = 1.0
"""How often it is told its place."""


class Gone(ConnectionError):
    """The client has gone away."""


class Handler(BaseHTTPRequestHandler):
    """``service`` is what it answers with: the class is made for one."""

    service: ClassVar[Service]
    protocol_version = "HTTP/1.1"
    server_version = "Pipeline"
    timeout = PATIENCE_SECONDS
    _unread = 0
    """Bytes of the body that were announced and not read."""

    def setup(self) -> None:
        """Small pieces go out at once."""
        super().setup()
        if self.connection.family == socket.AF_INET:
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def do_GET(self) -> None:
        """What needs no body."""
        gets: dict[str, Callable[[], None]] = {"/health": self._health, "/v1/models": self._models}
        self._route(gets, {"/v1/chat/completions", "/v1/load_lora_adapter", "/v1/unload_lora_adapter"})

    def do_POST(self) -> None:
        """What has one."""
        posts: dict[str, Callable[[], None]] = {
            "/v1/chat/completions": self._chat,
            "/v1/load_lora_adapter": lambda: self._send(self.service.load(self._body())),
            "/v1/unload_lora_adapter": lambda: self._send(self.service.unload(self._body())),
        }
        self._route(posts, {"/health", "/v1/models"})

    def _route(self, routes: dict[str, Callable[[], None]], others: set[str]) -> None:
        path = urlsplit(self.path).path
        self._unread = self._length or 0
        try:
            if path in routes:
                routes[path]()
            else:
                self._refuse_path(path, is_known=path in others)
        except ApiError as error:
            self._skip_body()
            self._send(error.body, error.status)

    def _refuse_path(self, path: str, *, is_known: bool) -> None:
        if is_known:
            raise ApiError(f"{path} does not take {self.command}.", status=HTTPStatus.METHOD_NOT_ALLOWED)
        raise ApiError(f"There is nothing at {path[:200]}.", status=HTTPStatus.NOT_FOUND)

    def _health(self) -> None:
        self._send("")

    def _models(self) -> None:
        self._send(self.service.models())

    def _chat(self) -> None:
        request = ChatRequest.read(self._body())
        answer = self.service.ask(request)
        try:
            if request.stream:
                self._stream(request, answer)
            else:
                self._send(self._whole(Reply(request.model), answer))
        finally:
            self.service.line.leave(answer)

    def _whole(self, reply: Reply, answer: Answer) -> dict[str, Any]:
        """The answer when it is complete. Raises ApiError."""
        pieces: list[str] = []
        for event in self._events(answer):
            if isinstance(event, End):
                return reply.whole("".join(pieces), event)
            pieces.append(event or "")
        raise Gone

    def _stream(self, request: ChatRequest, answer: Answer) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in self._lines(request, answer):
            self._chunk(f"{line}\n\n".encode())
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _lines(self, request: ChatRequest, answer: Answer) -> Iterator[str]:
        """Of the stream: the place in the line as a comment, then the answer as data."""
        reply, told = Reply(request.model), float("-inf")
        role = {"role": "assistant", "content": ""}
        nothing = {"usage": None} if request.include_usage else {}
        try:
            for event in self._events(answer):
                if event is None:
                    if (place := self.service.line.place(answer)) and time.monotonic() - told >= PLACE_SECONDS:
                        told = time.monotonic()
                        yield f": queued {place}"
                    continue
                if role:
                    yield _data(reply.chunk(role) | nothing)
                    role = {}
                if isinstance(event, str):
                    yield _data(reply.chunk({"content": event}) | nothing)
                else:
                    yield from self._last_lines(reply, event, include_usage=request.include_usage)
        except ApiError as error:  # too late for another status
            yield _data(error.body)

    def _last_lines(self, reply: Reply, end: End, *, include_usage: bool) -> Iterator[str]:
        """What ends the answer; the timings are in the last chunk."""
        last, figures = reply.chunk({}, finish_reason=end.finish_reason), reply.usage(end)
        if include_usage:
            yield _data(last | {"usage": None})
            yield _data(figures)
        else:
            yield _data(last | {"timings": figures["timings"]})

    def _events(self, answer: Answer) -> Iterator[str | End | None]:
        """The pieces and the end; ``None`` now and then, while nothing comes. Raises ApiError, and Gone."""
        while True:
            try:
                event = answer.events.get(timeout=LOOK_SECONDS)
            except Empty:
                event = None
            if self._is_gone():
                raise Gone
            if isinstance(event, ApiError):
                raise event
            yield event
            if isinstance(event, End):
                return

    def _is_gone(self) -> bool:
        look = select.poll()
        look.register(self.connection, select.POLLRDHUP)
        return bool(look.poll(0))

    @property
    def _length(self) -> int | None:
        """Bytes that the body is said to have."""
        said = self.headers.get("Content-Length", "")
        return int(said[:MOST_DIGITS]) if said.isascii() and said.isdecimal() else None

    def _body(self) -> dict[str, Any]:
        """The request's. Raises ApiError."""
        length = self._length
        if length is None:
            raise ApiError("The body's length must be said in “Content-Length”.", status=HTTPStatus.LENGTH_REQUIRED)
        if length > LONGEST_BODY:
            message = f"The body may have {LONGEST_BODY:,} bytes at most."
            raise ApiError(message, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self.headers.get_content_type() != "application/json":
            message = "The body must be JSON: send “Content-Type: application/json”."
            raise ApiError(message, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        self._unread = 0
        return strict_json.read(self.rfile.read(length))

    def _skip_body(self) -> None:
        """Read what was refused: a client that still sends would not see why."""
        self.close_connection = self.close_connection or self._length is None or self._unread > MOST_SKIPPED
        while not self.close_connection and self._unread:
            piece = self.rfile.read(min(self._unread, 2**16))
            self._unread = self._unread - len(piece) if piece else 0

    def _send(self, content: dict[str, Any] | str, status: HTTPStatus = HTTPStatus.OK) -> None:
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        kind = "text/plain; charset=utf-8" if isinstance(content, str) else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _chunk(self, data: bytes) -> None:
        """Chunked, so that an answer that breaks off is not taken for a whole one; an empty chunk is the end."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses by itself, in the shape of all other errors."""
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        self.close_connection = True
        self.request_version = self.protocol_version  # of what was no HTTP at all, it is unknown
        self._send(ApiError(message or status.phrase, status=status).body, status)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: who asked what is not this program's to write down."""


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value)}"
