"""Between the two interfaces: an ASGI request as the WSGI application wants it, and its answer as a file to be sent."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from pipeline.serving.bodies import spool
from pipeline.serving.streams import Parts, Stream

ANSWER_BYTES = 1024 * 1024
"""What is kept in memory of an answer that is no file."""


class FileWrapper:
    """WSGI's word for “send this file”; the application is done with it."""

    def __init__(self, file: IO[bytes], block_size: int = 0) -> None:
        self.file = file

    def __iter__(self) -> "FileWrapper":
        return self

    def __next__(self) -> bytes:
        if chunk := self.file.read(ANSWER_BYTES):
            return chunk
        raise StopIteration

    def close(self) -> None:
        self.file.close()


@dataclass(frozen=True)
class Answer:
    """What the application said, whole."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: IO[bytes]
    is_file: bool
    make: Callable[[], Parts] | None = None
    """Of a stream: the rest, status and type of content included."""


def environ(scope: Mapping[str, Any]) -> dict[str, Any]:
    """As PEP 3333 has it, but for the body.

    A name with an underscore is left out: behind a proxy it could pass for one that the proxy alone may set.
    """
    (server, port), (client, _) = scope["server"], scope["client"]
    values = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    for name, value in scope["headers"]:
        if b"_" not in name and name not in (b"content-length", b"transfer-encoding"):
            key = "CONTENT_TYPE" if name == b"content-type" else f"HTTP_{name.decode().upper().replace('-', '_')}"
            said = value.decode("latin-1")
            values[key] = f"{values[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{said}" if key in values else said
    return values


def call(application: Callable[..., Iterable[bytes]], values: dict[str, Any]) -> Answer:
    """Have it answered, in this thread and to the end: what comes bit by bit is spooled, a file is not read yet."""
    said: list[Any] = []
    parts = application(values, lambda status, headers, error=None: said.__setitem__(slice(None), (status, headers)))
    if isinstance(parts, FileWrapper):
        return _answer(said, parts.file, is_file=True)
    content = spool(ANSWER_BYTES)
    try:
        if isinstance(parts, Stream):
            return replace(_answer(said, content, is_file=False), make=parts.make)
        for part in parts:
            content.write(part)
    except BaseException:
        content.close()
        raise
    finally:
        if close := getattr(parts, "close", None):
            close()
    length = content.tell()
    content.seek(0)
    answer = _answer(said, content, is_file=False)
    if answer.status not in (204, 304) and not any(name == b"content-length" for name, _ in answer.headers):
        answer.headers.append((b"content-length", str(length).encode()))
    return answer


def _answer(said: list[Any], content: IO[bytes], *, is_file: bool) -> Answer:
    status, headers = said
    encoded = [(name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]
    return Answer(int(status[:3]), encoded, content, is_file)
