"""What no client of ours sends: a 4xx in OpenAI's shape, that names the field and says what to do."""

import json
import socket

import pytest

from tests.training.server.conftest import chat

CHAT = "/v1/chat/completions"


def with_message(**message):
    return {"messages": [{"role": "user", "content": "Why?"} | message]}


FIELDS = {
    "no model": ({"model": None}, "model"),
    "a model that is no text": ({"model": 1}, "model"),
    "no messages": ({"messages": None}, "messages"),
    "an empty list of messages": ({"messages": []}, "messages"),
    "messages that are no list": ({"messages": {"role": "user"}}, "messages"),
    "a message that is no object": ({"messages": ["Why?"]}, "messages[0]"),
    "a role that is none": (with_message(role="developer"), "messages[0].role"),
    "a role that is no text": (with_message(role=["user"]), "messages[0].role"),
    "content that is missing": (with_message(content=None), "messages[0].content"),
    "content that is a number": (with_message(content=1), "messages[0].content"),
    "a picture": (with_message(content=[{"type": "image_url", "image_url": {"url": "x"}}]), "messages[0].content"),
    "a part without text": (with_message(content=[{"type": "text"}]), "messages[0].content"),
    "a tool call": (with_message(tool_calls=[{"id": "1"}]), "messages[0].tool_calls"),
    "a temperature below 0": ({"temperature": -0.1}, "temperature"),
    "a temperature that is text": ({"temperature": "0"}, "temperature"),
    "a temperature that is true": ({"temperature": True}, "temperature"),
    "a temperature of many digits": ({"temperature": 10**400}, "temperature"),
    "a top_p of 0": ({"top_p": 0}, "top_p"),
    "a top_p above 1": ({"top_p": 1.1}, "top_p"),
    "no tokens": ({"max_tokens": 0}, "max_tokens"),
    "half a token": ({"max_tokens": 1.5}, "max_tokens"),
    "tokens that are true": ({"max_tokens": True}, "max_tokens"),
    "more tokens than there are": ({"max_tokens": 2**63}, "max_tokens"),
    "a seed that is text": ({"seed": "7"}, "seed"),
    "a seed beyond 64 bits": ({"seed": 2**63}, "seed"),
    "an empty stop": ({"stop": ""}, "stop"),
    "an empty stop among others": ({"stop": ["a", ""]}, "stop"),
    "a stop that is a number": ({"stop": [1]}, "stop"),
    "a stop that is an object": ({"stop": {"a": 1}}, "stop"),
    "many stops": ({"stop": ["a"] * 17}, "stop"),
    "a stream that is text": ({"stream": "true"}, "stream"),
    "stream options without a stream": ({"stream_options": {"include_usage": True}}, "stream_options"),
    "stream options that are a list": ({"stream": True, "stream_options": []}, "stream_options"),
    "unknown stream options": ({"stream": True, "stream_options": {"x": 1}}, "stream_options"),
    "two answers": ({"n": 2}, "n"),
    "probabilities": ({"logprobs": True}, "logprobs"),
    "tools": ({"tools": [{"type": "function"}]}, "tools"),
    "a JSON answer": ({"response_format": {"type": "json_object"}}, "response_format"),
    "a field that nobody knows": ({"fox": 1}, "fox"),
}


@pytest.mark.parametrize(("changes", "field"), FIELDS.values(), ids=FIELDS.keys())
def test_a_field_that_is_wrong_is_named(server, changes, field):
    status, answer = server.ask("POST", CHAT, chat("Why?") | changes)
    error = answer["error"]
    assert (status, error["type"], error["param"]) == (400, "invalid_request_error", field), error
    assert field.split(".")[-1].split("[")[0] in error["message"]


def test_fields_that_ask_for_nothing_may_be_there(server):
    neutral = {"n": 1, "presence_penalty": 0, "logprobs": False, "tools": None, "response_format": {"type": "text"}}
    assert server.chat(**neutral, user="ada", top_logprobs=None, stop=None, seed=None)[0] == 200


BODIES = {
    "nothing": b"",
    "half an object": b'{"model": ',
    "a list": b"[]",
    "a number": b"1",
    "not UTF-8": b'{"model": "\xff"}',
    "UTF-16": '{"model": "base"}'.encode("utf-16"),
    "NaN": b'{"temperature": NaN}',
    "infinity": b'{"temperature": -Infinity}',
    "digits without end": b'{"max_tokens": ' + b"9" * 5000 + b"}",
    "deep": b'{"messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a NUL": json.dumps(chat("a\0b")).encode(),
    "a NUL in a key": b'{"a\\u0000b": 1}',
    "half a surrogate pair": json.dumps(chat("\ud83e")).encode(),
    "halves in the wrong order": json.dumps(chat("\udd8a\ud83e")).encode(),
}


@pytest.mark.parametrize("path", [CHAT, "/v1/load_lora_adapter", "/v1/unload_lora_adapter"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_json_object_or_holds_no_text_is_refused(server, path, body):
    status, answer = server.ask("POST", path, body)
    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
    assert "body" in answer["error"]["message"]


def raw(server, data):
    """The status line and the body that bytes on a connection are answered with."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(server.address)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
RAW = {
    "no length": (HEAD + b"\r\n", 411),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411),
    "a length below 0": (HEAD + b"Content-Length: -1\r\n\r\n", 411),
    "a length that is none": (HEAD + b"Content-Length: one\r\n\r\n", 411),
    "a length that is huge": (HEAD + b"Content-Length: 4194305\r\n\r\n", 413),
    "a length of many digits": (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
    "text": (HEAD.replace(b"application/json", b"text/plain") + b"Content-Length: 2\r\n\r\n{}", 415),
    "another method": (b"DELETE /v1/models HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    "no HTTP": (b"\x16\x03\x01 a b c d\r\n\r\n", 400),
    "a long line": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
    "many headers": (b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
}


@pytest.mark.parametrize(("data", "status"), RAW.values(), ids=RAW.keys())
def test_what_is_no_request_is_refused_in_the_same_shape(server, data, status):
    found, answer = raw(server, data)
    assert found == status
    assert answer["error"].keys() == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", CHAT, 405), ("POST", "/health", 405), ("GET", "/v1/none", 404), ("POST", "/v1/completions", 404)],
)
def test_what_is_not_there_is_refused_in_the_same_shape(server, method, path, status):
    found, answer = server.ask(method, path, {} if method == "POST" else None)
    assert (found, answer["error"]["type"]) == (status, "invalid_request_error")


def test_a_body_that_is_too_large_is_refused_where_it_can_be_seen(server):
    for path, status in ((CHAT, 413), ("/v1/none", 404)):
        found, answer = server.ask("POST", path, chat("fox " * 1_500_000))
        assert (found, answer["error"]["type"]) == (status, "invalid_request_error")


def test_a_connection_is_kept_after_a_refusal(server):
    with server.connection() as connection:
        for body, status in ((b"{", 400), (json.dumps(chat("Why?")).encode(), 200), (b"[]", 400)):
            connection.request("POST", CHAT, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (status, True)


def test_messages_longer_than_the_context_are_refused_with_the_numbers(server):
    status, answer = server.chat("fox " * 9000)
    assert (status, answer["error"]["code"]) == (400, "context_length_exceeded")
    assert "8,192 tokens" in answer["error"]["message"]
    status, streamed = server.ask("POST", CHAT, chat("fox " * 9000, stream=True))
    assert (status, streamed["error"]["param"]) == (400, "messages")


def test_an_unknown_model_is_not_found(server):
    status, answer = server.chat(model="purple")
    assert (status, answer["error"]["code"], answer["error"]["param"]) == (404, "model_not_found", "model")


def test_after_all_that_it_still_answers(server):
    assert server.ask("GET", "/health") == (200, "")
    assert server.say()
