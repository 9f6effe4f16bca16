"""Requests as WSGI has them, answers as people and scripts get them."""

import contextlib
import gzip
import json
import logging
import traceback
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from django.db import transaction
from django.test import Client

ALLOWED_5XX = {("/readyz", 503)}
"""Answers that say how things stand, whatever was asked."""


@dataclass(frozen=True)
class Ask:
    """One request; text is sent as UTF-8, a half surrogate pair as its three bytes."""

    who: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self):
        parts = [self.who, self.method, self.path, self.query, self.content_type, self.body, *self.headers]
        return " ".join(repr(part[:200] if isinstance(part, str | bytes) else part) for part in parts if part)

    @property
    def environ(self) -> dict[str, str]:
        environ = {"PATH_INFO": _latin(unquote_to_bytes(_bytes(self.path))), "QUERY_STRING": _latin(_bytes(self.query))}
        if self.body or self.content_type:
            environ |= {"CONTENT_TYPE": _latin(_bytes(self.content_type)), "CONTENT_LENGTH": str(len(self.body))}
        return environ | dict(self.headers)


@dataclass
class Asker:
    """Asks, undoes what it did, and keeps what was answered amiss."""

    clients: dict[str, Client]
    counts: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def ask(self, request: Ask):
        """The answer, with what it sends as ``body``; the database is as it was."""
        client = self.clients[request.who]
        cookies = client.cookies.output()
        with transaction.atomic(), logged() as errors:
            answer = client.generic(request.method, "/", request.body, **request.environ)
            answer.body = answer.getvalue() if answer.streaming else answer.content
            transaction.set_rollback(True)
        if client.cookies.output() != cookies:
            client.cookies.load(cookies.replace("Set-Cookie: ", ""))
        self.counts[answer.status_code] += 1
        if wrong := amiss(request, answer):
            self.failures.append("\n".join([f"{wrong}: {request}", *errors, *_traceback(answer)]))
        return answer

    @property
    def figures(self) -> str:
        total = sum(self.counts.values())
        by_status = ", ".join(f"{status}: {count:,}" for status, count in sorted(self.counts.items()))
        failed = sum(count for status, count in self.counts.items() if status >= 500)
        return f"{total:,} requests; {by_status}; 5xx: {failed}"


def amiss(request: Ask, answer) -> str:
    """What is wrong with an answer, whatever was asked; nothing where it is as it must be."""
    path, content = request.environ["PATH_INFO"], _unpacked(answer)
    if answer.status_code >= 500 and (path, answer.status_code) not in ALLOWED_5XX:
        return str(answer.status_code)
    if answer.status_code < 400 or request.method == "HEAD":
        return ""
    kind = answer.headers.get("Content-Type", "")
    if path.startswith(("/api/", "/v1/")):
        return "" if _is_failure(kind, content, path) else f"{answer.status_code} that is no failure of the API"
    if path.startswith("/metrics"):
        return ""
    is_page = kind.startswith("text/html") and b"</html>" in content
    is_fragment = kind.startswith("text/html") and content and answer.status_code in (404, 409, 413, 422, 429)
    return "" if is_page or is_fragment else f"{answer.status_code} that is no page"


def _unpacked(answer) -> bytes:
    return gzip.decompress(answer.body) if answer.headers.get("Content-Encoding") == "gzip" else answer.body


def _is_failure(kind: str, content: bytes, path: str) -> bool:
    if not kind.startswith("application/json"):
        return False
    with contextlib.suppress(ValueError):
        said = json.loads(content)
        if path.startswith("/v1/") and isinstance(said["error"], dict):  # a view's, as OpenAI's clients read it
            return set(said["error"]) == {"message", "type", "param", "code"} and set(said) == {"error"}
        return isinstance(said, dict) and isinstance(said.get("error"), str) and set(said) <= {"error", "details"}
    return False


@contextlib.contextmanager
def logged():
    """Errors that are logged meanwhile, with where they came from."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record):
            if record.exc_info and record.exc_info[1]:
                found.extend(_lines(record.exc_info[1]))

    handler, logger = Keep(logging.ERROR), logging.getLogger("pipeline.api")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)


def _traceback(answer) -> list[str]:
    exc_info = getattr(answer, "exc_info", None)
    return _lines(exc_info[1]) if exc_info else []


def _lines(error) -> list[str]:
    where = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return [f"  {type(error).__name__}: {str(error)[:300]}", *where[-6:]]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _latin(sent: bytes) -> str:
    return sent.decode("latin-1")
