"""One bad row is one row's error, with its line; nothing that no database stores comes out of a file."""

import io
import json
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet
import pytest

from datasets.formats import parsing
from datasets.formats.detect import detect
from datasets.formats.problems import Problem, storable
from datasets.formats.rows import Conversation
from tests.datasets import corpus
from tests.datasets.corpus import jsonl, parquet

GOOD = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
HALF, NUL = "half \ud83d", "nul \0"


def lines(rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def array(rows):
    return json.dumps(rows).encode()


def message(**more):
    return {"messages": [GOOD["messages"][0], {"role": "assistant", "content": "x"} | more]}


def call(arguments, name="f"):
    return message(tool_calls=[{"type": "function", "function": {"name": name, "arguments": arguments}}])


def all_texts(found):
    if isinstance(found, Problem):
        yield from (found.reason, found.field, found.excerpt)
    else:
        yield from (json.dumps([found.chat, found.tools, found.text], ensure_ascii=False), *found.unused)
        yield from (reason for _, reason in found.notes)


def bad(text):
    """Rows with the text in every place where a row can have one, and whether it can still be trained on."""
    return {
        "content": (message(content=text), False),
        "role": (message(role=text), False),
        "reasoning": (message(thinking=text), False),
        "argument": (call({"a": text}), False),
        "deep argument": (call({"a": [{"b": text}]}), False),
        "argument's key": (call({text: 1}), False),
        "argument in text": (call(json.dumps({"a": text})), False),
        "function": (call({}, name=text), False),
        "tool": (GOOD | {"tools": [{"type": "function", "function": {"name": "f", "description": text}}]}, False),
        "tool's key": (GOOD | {"tools": [{"type": "function", "function": {"name": "f", text: 1}}]}, False),
        "weight": (message(weight=text), False),
        "column": (GOOD | {text: 1}, True),
        "message's key": (message(**{text: 1}), True),
        "unused value": (GOOD | {"id": text}, True),
    }


@pytest.mark.parametrize("text", [HALF, NUL], ids=["half", "nul"])
@pytest.mark.parametrize("container", [lines, array], ids=["jsonl", "json"])
@pytest.mark.parametrize("place", bad(""))
def test_a_character_that_is_none_is_one_rows_error_wherever_it_stands(read, place, container, text):
    row, is_sound = bad(text)[place]
    name = "d.json" if container is array else "d.jsonl"
    before, found, after = read(container([GOOD, row, GOOD]), name)
    assert isinstance(before, Conversation)
    assert isinstance(after, Conversation)
    assert isinstance(found, Conversation if is_sound else Problem)
    if container is lines:
        assert found.line == 2
    for shown in all_texts(found):
        assert storable(shown) == shown


@pytest.mark.parametrize("place", ["content", "argument", "argument in text", "tool"])
def test_nul_in_parquet_is_one_rows_error(read, place):
    before, found, after = read(parquet([GOOD, bad(NUL)[place][0], GOOD]), "d.parquet")
    assert (type(before), type(after)) == (Conversation, Conversation)
    assert (found.kind, found.line) == ("bad_character", 2)


def test_columns_are_shown_escaped(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_bytes(lines([{HALF: 1, NUL: 2, "tab\tand é": 3}]))
    detected = detect(path, path.name, limit=corpus.LIMIT, scratch=tmp_path)
    assert detected.columns == ["half \\ud83d", "nul \\x00", "tab\tand é"]
    assert storable(detected.refusal.problem.reason) == detected.refusal.problem.reason


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_not_trained_on_as_an_argument(read, number):
    line = json.dumps(call({"x": "HERE"})).replace('"HERE"', number).encode()
    (found,) = read(line)
    assert (found.kind, found.field) == ("wrong_value", "messages[1].tool_calls[0]")


def test_an_error_that_nobody_foresaw_is_the_rows_and_names_its_line(read, monkeypatch):
    true = parsing.read_row

    def failing(row, reading):
        if "fail" in row:
            raise KeyError("nobody \0 foresaw")
        return true(row, reading)

    monkeypatch.setattr(parsing, "read_row", failing)
    before, found, after = read(jsonl([GOOD, GOOD | {"fail": 1}, GOOD]))
    assert (type(before), type(after)) == (Conversation, Conversation)
    assert (found.kind, found.line, found.severity) == ("unexpected", 2, "error")
    assert "KeyError" in found.reason
    assert all(storable(text) == text for text in all_texts(found))
    assert found.excerpt


@pytest.mark.parametrize("depth", [200, 400, 600, 800, 900, 950, 980, 990, 1000, 2000, 100_000])
@pytest.mark.parametrize("place", ["argument", "column", "content", "tools"])
def test_a_row_nested_too_deeply_is_its_own_error_at_any_depth(read, place, depth):
    deep = "[" * depth + "]" * depth
    row = {
        "argument": call({"x": "HERE"}), "column": GOOD | {"x": "HERE"}, "content": message(content="HERE"),
        "tools": GOOD | {"tools": [{"name": "f", "x": "HERE"}]},
    }[place]  # fmt: skip
    line = json.dumps(row).replace('"HERE"', deep).encode() + b"\n"
    before, found, after = read(lines([GOOD]) + line + lines([GOOD]))
    assert isinstance(before, Conversation)
    assert isinstance(after, Conversation)
    assert found.line == 2


def test_a_parquet_row_that_python_cannot_hold_is_its_own_error(read):
    far = pa.array([0, 2**60, 0], pa.timestamp("ms"))
    table = pa.table({"prompt": ["a"] * 3, "completion": ["b"] * 3, "at": far})
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    before, found, after = read(sink.getvalue(), "d.parquet")
    assert (type(before), type(after)) == (Conversation, Conversation)
    assert (found.kind, found.line) == ("unexpected", 2)


def test_text_in_parquet_that_is_not_utf_8_is_one_rows_error(read):
    texts = pa.StringArray.from_buffers(
        3, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xffc")
    )  # fmt: skip
    table = pa.table({"prompt": texts, "completion": ["b"] * 3})
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    before, found, after = read(sink.getvalue(), "d.parquet")
    assert (type(before), type(after)) == (Conversation, Conversation)
    assert (found.kind, found.line) == ("row_encoding", 2)


def test_values_that_json_does_not_know_are_the_rows_error(read):
    row = call({"when": datetime(2024, 1, 1)})
    (found,) = read(parquet([row]), "d.parquet")
    assert (found.kind, found.field) == ("wrong_value", "messages[1].tool_calls[0]")
