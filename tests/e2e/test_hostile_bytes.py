"""The real server under bytes that no client library sends: it refuses or hangs up, and goes on serving."""

import json
import re
import socket
import urllib.parse

import pytest

from tests.e2e.conftest import wait_for
from tests.web.values import MULTIPARTS

pytestmark = pytest.mark.django_db(transaction=True)

GET = b"GET /login HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
JSON = b"POST /api/jobs/estimate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
END = b"Connection: close\r\n\r\n"
BYTES = {
    "no request": b"\0\xff\xfe nonsense\r\n\r\n",
    "nothing but line ends": b"\r\n" * 1000,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": GET + b"Host: evil.example\r\n" + END,
    "no UTF-8 in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n" + END,
    "percent and no UTF-8": b"GET /datasets?q=%ff%fe%ED%A0%80 HTTP/1.1\r\nHost: localhost\r\n" + END,
    "NUL in the path": b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n" + END,
    "percent NUL in the path": b"GET /account/tokens/%00/revoke HTTP/1.1\r\nHost: localhost\r\n" + END,
    "whole address": b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n" + END,
    "address that is none": b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n" + END,
    "star": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n" + END,
    "connect": b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n" + END,
    "long path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n" + END,
    "long query": b"GET /login?" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n" + END,
    "long header": GET + b"X-Long: " + b"a" * 1_000_000 + b"\r\n" + END,
    "many headers": GET + b"".join(b"X-%d: 1\r\n" % number for number in range(5000)) + END,
    "header without a colon": GET + b"nonsense\r\n" + END,
    "header with a space": GET + b"Content-Length : 5\r\n" + END,
    "folded header": GET + b"X-A: 1\r\n  2\r\n" + END,
    "NUL in a header": GET + b"Cookie: sessionid=\0\r\n" + END,
    "no charset": JSON.replace(b"estimate", b"estimate?a=%e9").replace(b"json", b"json; charset=bz2_codec")
    + b"Content-Length: 2\r\n" + END + b"{}",
    "NUL in a charset": JSON.replace(b"json", b"json; charset=\0") + b"Content-Length: 2\r\n" + END + b"{}",
    "no UTF-8 in headers": GET + b"Cookie: sessionid=\xff\r\nAuthorization: Bearer \xff\r\nAccept: \xff\r\n" + END,
    "quoted NUL in a cookie": GET + b'Cookie: sessionid="\\000"; csrftoken="\\000"; messages="\\000"\r\n' + END,
    "length that is none": POST + b"Content-Length: abc\r\n" + END,
    "superscript length": POST + "Content-Length: ²\r\n".encode() + END,
    "length below zero": POST + b"Content-Length: -1\r\n" + END,
    "length of 5,000 digits": POST + b"Content-Length: " + b"9" * 5000 + b"\r\n" + END,
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n" + END + b"a",
    "length and chunks": POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n" + END + b"0\r\n\r\n",
    "chunks of nonsense": POST + b"Transfer-Encoding: chunked\r\n" + END + b"zz\r\nnonsense\r\n0\r\n\r\n",
    "chunk below zero": POST + b"Transfer-Encoding: chunked\r\n" + END + b"-1\r\na\r\n0\r\n\r\n",
    "chunk of 2**64": POST + b"Transfer-Encoding: chunked\r\n" + END + b"10000000000000000\r\na\r\n0\r\n\r\n",
    "chunk longer than said": POST + b"Transfer-Encoding: chunked\r\n" + END + b"1\r\naaaa\r\n0\r\n\r\n",
    "unknown transfer coding": POST + b"Transfer-Encoding: gzip, chunked\r\n" + END + b"0\r\n\r\n",
    "chunked JSON that is none": JSON + b"Transfer-Encoding: chunked\r\n" + END + b"1\r\n{\r\n0\r\n\r\n",
    "expectation": POST + b"Expect: nonsense\r\nContent-Length: 1\r\n" + END + b"a",
    "upgrade": GET + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
}  # fmt: skip


def sent(web, request, *, seconds=1):
    """What the server answers until it hangs up, or falls silent. Half a connection that is closed is a client gone."""
    address = urllib.parse.urlsplit(web)
    found = b""
    with socket.create_connection((address.hostname, address.port), timeout=seconds) as line:
        try:
            line.sendall(request)
            while piece := line.recv(65536):
                found += piece
        except (ConnectionError, TimeoutError):
            pass  # it hung up on bytes that it does not take, or waits for more: both are answers
    return found


def statuses(answer):
    return [int(status) for status in re.findall(rb"^HTTP/1\.[01] (\d{3})", answer, re.MULTILINE)]


@pytest.mark.parametrize("kind", BYTES)
def test_bytes(web, kind):
    answer = sent(web, BYTES[kind])
    assert all(status < 500 or status in (501, 505) for status in statuses(answer)), answer[:500]


def test_and_it_goes_on_serving(web):
    for request in BYTES.values():
        sent(web, request, seconds=0.2)
    assert wait_for(
        lambda: statuses(sent(web, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + END)) == [200], what="/healthz"
    )


def test_json_in_chunks_is_read(web, person):
    body = json.dumps({"dataset_id": 5}).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:])) + b"0\r\n\r\n"
    head = JSON + f"Authorization: Bearer {person.token}\r\n".encode() + b"Transfer-Encoding: chunked\r\n" + END
    answer = sent(web, head + chunks, seconds=10)
    assert statuses(answer) == [400]
    assert b"Must be a valid UUID" in answer


def test_a_body_cut_short_is_no_request(web, person):
    head = JSON + f"Authorization: Bearer {person.token}\r\n".encode() + b"Content-Length: 100\r\n" + END
    assert all(status < 500 for status in statuses(sent(web, head + b'{"dataset_id"')))


@pytest.mark.parametrize("kind", MULTIPARTS)
def test_uploads_that_are_no_forms(web, person, kind):
    body = MULTIPARTS[kind]
    head = b"POST /api/datasets HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b0undary\r\n"
    about = f"Authorization: Bearer {person.token}\r\nContent-Length: {len(body)}\r\n".encode()
    assert statuses(sent(web, head + about + END + body, seconds=10)) in ([400], [413], [201])
