"""A client takes as long as it likes, to send or to read: it holds a connection, and neither a thread nor a file."""

import contextlib
import hashlib
import http.client
import json
import os
import socket
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from pipeline.accounts.models import ApiToken
from tests.e2e.conftest import wait_for

FORM = "Content-Type: application/x-www-form-urlencoded"
HELD = {  # what each of so many connections sends, and then nothing more
    "nothing at all": (300, ""),
    "half a head": (50, "GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
    "a body with a length": (
        50, f"POST /login HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\nContent-Length: 60000\r\n\r\na",
    ),
    "a body in chunks": (
        50, f"POST /login HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ),
    "for an answer that it never reads": (20, "GET {download} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n\r\n"),
}  # fmt: skip
MULTIPART = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="chats.jsonl"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"
ROW = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'


@pytest.fixture
def address(web):
    url = urllib.parse.urlsplit(web)
    return url.hostname, url.port


@pytest.fixture
def authorization(user):
    return {"Authorization": f"Bearer {ApiToken.objects.create(user)[1]}"}


@pytest.fixture
def connection(address):
    with contextlib.closing(http.client.HTTPConnection(*address, timeout=30)) as connection:
        yield connection


@pytest.fixture
def hold(address):
    """Open so many connections and send this on each."""
    with contextlib.ExitStack() as stack:

        def open_connections(count, text):
            held = [stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(count)]
            for client in held:
                client.sendall(text.encode())
                client.setblocking(False)
            return held

        yield open_connections


def is_open(client):
    """The server has not hung up."""
    try:
        return client.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True


def spools():
    """Bodies and answers that the server has on disk."""
    count = 0
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            count += os.readlink(link).startswith(f"{settings.VAR_DIR}/uploading/")
    return count


@pytest.mark.parametrize("kind", HELD)
def test_pages_answer_while_many_clients_hang_about(web, hold, make_dataset, authorization, kind):
    dataset = make_dataset()
    os.truncate(dataset.version.file.path, 64 * 1024**2)
    count, text = HELD[kind]
    named = {
        "download": f"/api/datasets/{dataset.pk}/download",
        "authorization": "".join(f"{name}: {value}" for name, value in authorization.items()),
    }
    held = hold(count, text.format(**named) if "{" in text else text)
    time.sleep(0.5)
    for path in ("/healthz", "/login"):
        with urllib.request.urlopen(web + path, timeout=20) as answer:
            assert answer.status == 200
    assert all(is_open(client) for client in held)


@pytest.mark.parametrize("in_chunks", [False, True], ids=["with its length", "in chunks"])
def test_json_is_read_whole_whether_or_not_its_length_is_said(connection, dataset, authorization, in_chunks):
    body = json.dumps({"name": "New name"}).encode()
    pieces = [body[:5], body[5:]]
    headers = authorization | {"Content-Type": "application/json"}
    if not in_chunks:
        pieces, headers = body, headers | {"Content-Length": str(len(body))}
    connection.request("PATCH", f"/api/datasets/{dataset.pk}", pieces, headers, encode_chunked=in_chunks)
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["data"]["name"]) == (200, "New name")


MEGABYTE = 1024**2


TOO_LARGE = [  # path, signed in, bytes, status, words
    ("/login", False, MEGABYTE, 413, "larger than this address takes"),
    ("/api/jobs", False, MEGABYTE, 413, "larger than this address takes"),
    ("/api/jobs", True, 4 * MEGABYTE, 413, "larger than this address takes"),
    ("/nowhere", True, 4 * MEGABYTE, 413, "larger than this address takes"),
    ("/datasets/upload", False, 4 * MEGABYTE, 302, ""),
    ("/api/datasets", False, 4 * MEGABYTE, 401, "credentials were not provided"),
]


@pytest.mark.parametrize(
    ("path", "signed_in", "size", "status", "says", "in_chunks"),
    [
        *[(*row, in_chunks) for row in TOO_LARGE for in_chunks in (False, True)],
        ("/api/datasets", True, 1025 * MEGABYTE, 413, "larger than the limit of 1.0", False),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_sent(
    connection, authorization, path, signed_in, size, status, says, in_chunks
):
    headers = {"Content-Type": MULTIPART} | (authorization if signed_in else {})
    headers |= {"Transfer-Encoding": "chunked"} if in_chunks else {"Content-Length": str(size)}
    connection.putrequest("POST", path)
    for header in headers.items():
        connection.putheader(*header)
    connection.endheaders()
    if in_chunks:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has answered, and hung up on the rest
            for _ in range(size // 16384):
                connection.send(b"4000\r\n" + b"x" * 16384 + b"\r\n")
    answer = connection.getresponse()
    said = answer.read().decode()
    assert (answer.status, says in said) == (status, True), said
    if path.startswith("/api/"):
        assert set(json.loads(said)) == {"error", "details"}


def test_an_upload_in_slow_pieces_arrives_whole(connection, authorization):
    content = ROW * 3000
    body = HEAD + content + TAIL

    def pieces():
        for begin in range(0, len(body), 10_000):
            time.sleep(0.02)
            yield body[begin : begin + 10_000]

    headers = authorization | {"Content-Type": MULTIPART, "Content-Length": str(len(body))}
    connection.request("POST", "/api/datasets", pieces(), headers)
    answer = connection.getresponse()
    data = json.load(answer)["data"]
    assert answer.status == 201
    assert data["version"]["sha256"] == hashlib.sha256(content).hexdigest()
    wait_for(lambda: spools() == 0, seconds=20, what="the spool to vanish")


def test_an_upload_that_breaks_off_leaves_nothing_behind(connection, authorization):
    connection.putrequest("POST", "/api/datasets")
    for header in (authorization | {"Content-Type": MULTIPART, "Content-Length": "50000000"}).items():
        connection.putheader(*header)
    connection.endheaders(HEAD + ROW * 30_000)
    wait_for(lambda: spools() == 1, seconds=20, what="the upload to be on disk")
    connection.close()
    wait_for(lambda: spools() == 0, seconds=20, what="the spool to vanish")
    assert not list((settings.VAR_DIR / "uploading").iterdir())


def test_a_large_answer_is_sent_whole_and_its_file_is_let_go(connection, make_dataset, authorization):
    dataset = make_dataset()
    content = os.urandom(5_000_000)
    Path(dataset.version.file.path).write_bytes(content)
    connection.request("GET", f"/api/datasets/{dataset.pk}/download", headers=authorization)
    answer = connection.getresponse()
    assert hashlib.sha256(answer.read()).digest() == hashlib.sha256(content).digest()
    connection.request("HEAD", f"/api/datasets/{dataset.pk}/download", headers=authorization)  # the same connection
    assert connection.getresponse().headers["Content-Length"] == str(len(content))
