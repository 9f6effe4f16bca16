"""One answer at a time: the others wait in their order, are told their place, and may go away."""

import contextlib
import json
import time

import pytest

from tests.training.server.conftest import chat, chunks, within

LONG = {"max_tokens": 8000, "model": "red"}


@pytest.fixture
def busy(server):
    """A server whose model is at work on a long answer, which ends when the test does."""
    assert within(60, lambda: not waits(server))
    stream = server.stream("fox", **LONG)
    next(line for line in stream if line.startswith("data"))
    with contextlib.closing(stream):
        yield server


def waits(server):
    """Whether a request that is sent now has to wait."""
    with contextlib.closing(server.stream(max_tokens=1)) as stream:
        return next(stream).startswith(": queued")


def test_who_waits_is_told_the_place_and_moves_up_when_others_go_away(busy):
    first, second = busy.stream(max_tokens=2), busy.stream(max_tokens=2)
    assert next(first) == ": queued 1"
    asked = time.monotonic()
    assert [next(second) for _ in range(3)] == [": queued 2"] * 3
    assert time.monotonic() - asked > 2, "once a second, not more often"
    first.close()
    assert within(20, lambda: next(second) == ": queued 1")
    second.close()


def test_a_client_that_goes_away_frees_the_model_at_once(server):
    stream = server.stream("fox", **LONG)
    next(line for line in stream if line.startswith("data"))
    assert within(60, lambda: waits(server))
    stream.close()
    assert within(10, lambda: not waits(server))


def test_a_client_that_waits_for_a_whole_answer_may_go_away_too(server):
    body = json.dumps(chat("fox", **LONG))
    with server.connection() as connection:
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        assert within(20, lambda: waits(server))
    assert within(10, lambda: not waits(server))


def test_answers_are_made_in_the_order_of_their_coming_each_with_its_own_adapter(server):
    names = ["red", "base", "blue", "green"]
    alone = {name: server.say(model=name) for name in names}
    blocking = server.stream("fox", **LONG)
    next(line for line in blocking if line.startswith("data"))
    streams = {name: server.stream(model=name) for name in names}
    assert [next(stream) for stream in streams.values()] == [f": queued {place}" for place in range(1, 5)]
    blocking.close()
    for name, stream in streams.items():
        assert "".join(c["choices"][0]["delta"].get("content", "") for c in chunks(stream)) == alone[name]


def test_more_than_may_wait_are_refused(busy):
    waiting = [busy.stream(max_tokens=1) for _ in range(4)]
    assert [next(stream) for stream in waiting] == [f": queued {place}" for place in range(1, 5)]
    status, answer = busy.chat()
    assert (status, answer["error"]["type"], answer["error"]["code"]) == (429, "rate_limit_error", "queue_full")
    for stream in waiting:
        stream.close()


def test_the_time_in_the_queue_is_told(server):
    blocking = server.stream("fox", **LONG)
    next(line for line in blocking if line.startswith("data"))
    stream = server.stream(max_tokens=1)
    assert [next(stream), next(stream)] == [": queued 1"] * 2
    blocking.close()
    assert chunks(stream)[-1]["timings"]["queued_seconds"] > 1
