"""Reading OpenAI chats: what is taken, and what is said of the rest."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import formats
from datasets.formats import Conversation, RowError, read_openai_chat

USER = {"role": "user", "content": "Hello"}
ASSISTANT = {"role": "assistant", "content": "Hi"}
SYSTEM = {"role": "system", "content": "Be kind"}


def read(*lines: bytes | list):
    data = b"\n".join(line if isinstance(line, bytes) else json.dumps({"messages": line}).encode() for line in lines)
    return list(read_openai_chat(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("messages", "pairs"),
    [
        ([USER, ASSISTANT], 1),
        ([SYSTEM, USER, ASSISTANT], 1),
        ([USER, ASSISTANT, USER, ASSISTANT, USER, ASSISTANT], 3),
    ],
)
def test_a_conversation_has_a_pair_for_each_assistant_turn(messages, pairs):
    (row,) = read(messages)
    assert row == Conversation(1, messages)
    assert row.pairs == pairs


def test_other_keys_are_passed_over():
    row = json.dumps({"id": 7, "messages": [USER | {"name": "x"}, ASSISTANT | {"weight": 1}]}).encode()
    assert read(row) == [Conversation(1, [USER, ASSISTANT])]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{nonsense", "Not valid JSON: Expecting property name enclosed in double quotes (column 2)."),
        (b'"text"', 'There is no "messages".'),
        (b"{}", 'There is no "messages".'),
        (b'{"messages": "hi"}', '"messages" must be a list'),
        ([], '"messages" must be a list'),
        (["hi"], 'messages[0] is no object with "role" and "content".'),
        ([USER, {"role": "bot", "content": "x"}], 'messages[1].role is "bot"; use system, user or assistant.'),
        ([USER, {"content": "x"}], "messages[1].role is null; use system, user or assistant."),
        ([USER, {"role": ["a"], "content": "x"}], 'messages[1].role is ["a"]'),
        ([USER, {"role": "assistant", "content": 5}], "messages[1].content must be text, but is 5."),
        ([USER, {"role": "assistant", "content": None}], "messages[1].content must be text, but is null."),
        ([USER, {"role": "assistant", "content": " \n"}], "messages[1].content is empty."),
        ([USER, {"role": "assistant", "content": "a\0b"}], "messages[1].content holds a NUL character."),
        ([USER, {"role": "assistant", "content": "\ud83d"}], "half a surrogate pair"),
        ([USER], "The last message is the user's."),
        ([SYSTEM], "must begin with a user message"),
        ([ASSISTANT], "must begin with a user message"),
        ([USER, ASSISTANT, SYSTEM], "messages[2]: a system message may only come first."),
        ([USER, USER, ASSISTANT], "two user messages follow each other"),
        ([USER, ASSISTANT, ASSISTANT], "two assistant messages follow each other"),
        (b'{"messages": "\xff"}', "Not UTF-8: byte 0xff at position 15."),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"messages": ' + b"9" * 5000 + b"}", "too many digits"),
    ],
)
def test_a_bad_line_is_named_with_its_reason_and_the_rest_is_read(line, reason):
    rows = read([USER, ASSISTANT], line, [USER, ASSISTANT])
    assert [row.line for row in rows] == [1, 2, 3]
    assert isinstance(rows[1], RowError)
    assert reason in rows[1].reason
    assert isinstance(rows[2], Conversation)


def test_a_byte_order_mark_and_windows_line_ends_are_taken():
    text = json.dumps({"messages": [USER, ASSISTANT]}).encode()
    assert read(b"\xef\xbb\xbf" + text + b"\r", text + b"\r") == [
        Conversation(1, [USER, ASSISTANT]),
        Conversation(2, [USER, ASSISTANT]),
    ]


def test_blank_lines_count_as_lines_but_are_passed_over():
    assert [row.line for row in read(b"", [USER, ASSISTANT], b"  ", [USER, ASSISTANT], b"")] == [2, 4]


def test_an_empty_file_and_a_json_array_are_told_apart():
    assert read(b"") == [RowError(1, "The file is empty.")]
    (row,) = read(json.dumps([{"messages": [USER, ASSISTANT]}]).encode())
    assert row == RowError(1, "This looks like a JSON array. Write one conversation a line instead.")


def test_an_endless_line_is_an_error_that_is_not_read_into_memory(monkeypatch):
    monkeypatch.setattr(formats, "LONGEST_LINE", 1000)

    class Counting(io.BytesIO):
        longest = 0

        def readline(self, size=-1):
            line = super().readline(size)
            self.longest = max(self.longest, len(line))
            return line

    good = json.dumps({"messages": [USER, ASSISTANT]}).encode()
    file = Counting(b"x" * 50_000 + b"\n" + good + b"\n")
    rows = list(read_openai_chat(file))
    assert isinstance(rows[0], RowError)
    assert rows[1] == Conversation(2, [USER, ASSISTANT])
    assert file.longest <= 1001


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data):
    rows = list(read_openai_chat(io.BytesIO(data)))
    assert all(isinstance(row, Conversation | RowError) for row in rows)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["user", "assistant", "system"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["role", "content", "messages", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(st.lists(json_values, min_size=1, max_size=5))
def test_every_json_line_is_a_conversation_or_an_error(values):
    lines = [json.dumps({"messages": value}).encode() for value in values]
    rows = list(read_openai_chat(io.BytesIO(b"\n".join(lines))))
    assert [row.line for row in rows] == list(range(1, len(values) + 1))
