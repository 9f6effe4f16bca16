"""What the front makes of a request before the application sees it; with slow clients: tests/e2e/test_slow_clients."""

import asyncio
import io

import pytest

from pipeline.serving import bodies, wsgi
from pipeline.serving.limits import ANYBODY_BYTES, takes_files

SCOPE = {
    "method": "GET", "raw_path": b"/", "query_string": b"", "http_version": "1.1", "scheme": "http",
    "server": ("127.0.0.1", "8000"), "client": ("::1", "5000"), "headers": [],
}  # fmt: skip


def environ(*headers, **changes):
    return wsgi.environ(SCOPE | {"headers": list(headers)} | changes)


@pytest.mark.parametrize(
    ("headers", "key", "value"),
    [
        ([(b"x-forwarded-proto", b"https")], "HTTP_X_FORWARDED_PROTO", "https"),
        ([(b"x_forwarded_proto", b"https")], "HTTP_X_FORWARDED_PROTO", None),
        ([(b"x-real", b"1.1.1.1"), (b"x-real", b"2.2.2.2")], "HTTP_X_REAL", "1.1.1.1,2.2.2.2"),
        ([(b"cookie", b"a=1"), (b"cookie", b"b=2")], "HTTP_COOKIE", "a=1; b=2"),
        ([(b"x-name", "é".encode())], "HTTP_X_NAME", "é".encode().decode("latin-1")),
        ([(b"content-type", b"text/plain")], "CONTENT_TYPE", "text/plain"),
        ([(b"content-length", b"5")], "CONTENT_LENGTH", None),  # the body says it, once it is there
    ],
)  # fmt: skip
def test_headers_are_handed_on_as_wsgi_names_them(headers, key, value):
    assert environ(*headers).get(key) == value


@pytest.mark.parametrize("path", [b"/caf\xc3\xa9", b"/a/b", b"/\xff", b"/\x00"])
def test_a_path_is_handed_on_byte_for_byte(path):
    escaped = b"".join(b"%%%02x" % byte for byte in path)
    assert environ(raw_path=escaped)["PATH_INFO"].encode("latin-1") == path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/datasets/upload", True),
        ("/datasets/0e8b4a6c-6e5f-4b57-9a8c-000000000000/upload", True),
        ("/api/datasets", True),
        ("/api/datasets/0e8b4a6c-6e5f-4b57-9a8c-000000000000/versions", True),
        ("/api/jobs", False),
        ("/login", False),
        ("/nowhere", False),
    ],
)
def test_only_addresses_of_uploads_take_files(path, expected):
    assert takes_files(path) is expected


def take_in(*messages, stated=0, limit=10**6, silent=False):
    """Take these messages in; returns what is on the spool."""
    left = list(messages)

    async def receive():
        if not left and silent:
            await asyncio.sleep(60)
        return left.pop(0)

    async def ask():
        return limit

    body = io.BytesIO()
    asyncio.run(bodies.take_in(receive, body, stated=stated, ask=ask))
    return body.read()


def part(content, more=True):
    return {"type": "http.request", "body": content, "more_body": more}


@pytest.mark.parametrize("size", [0, 1, ANYBODY_BYTES, ANYBODY_BYTES + 1, 10**6])
def test_a_body_comes_in_whole(size):
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert take_in(part(content[:100]), part(content[100:]), part(b"", more=False)) == content


@pytest.mark.parametrize(
    ("messages", "stated"),
    [([], 10**6 + 1), ([part(b"x" * 10**6), part(b"x", more=False)], 0), ([part(b"x" * 10**7)], 10)],
)
def test_too_much_is_refused_as_soon_as_that_is_known(messages, stated):
    with pytest.raises(bodies.TooLarge):
        take_in(*messages, stated=stated, silent=True)


def test_a_client_that_falls_silent_is_given_up_and_one_that_hangs_up_is_gone(monkeypatch):
    monkeypatch.setattr(bodies, "SILENCE_SECONDS", 0.05)
    with pytest.raises(bodies.Silent):
        take_in(part(b"x"), silent=True)
    with pytest.raises(bodies.Gone):
        take_in(part(b"x"), {"type": "http.disconnect"})
