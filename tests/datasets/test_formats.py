"""Every shape in every container and wrapping, and what is said of rows that are not right."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.formats.detect import detect
from datasets.formats.problems import Problem
from datasets.formats.rows import Conversation
from tests.datasets import corpus
from tests.datasets.corpus import ANSWER, CONTAINERS, PACKINGS, QUESTION, SHAPES, as_csv, chat, jsonl, turns

USER = {"role": "user", "content": "Hello"}
ASSISTANT = {"role": "assistant", "content": "Hi"}
SYSTEM = {"role": "system", "content": "Be kind"}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_format_is_recognized_and_read(tmp_path, shape, container, packing):
    path = tmp_path / f"data.{container}{packing}"
    path.write_bytes(PACKINGS[packing](CONTAINERS[container](SHAPES[shape])))
    options = detect(path, path.name, limit=corpus.LIMIT, scratch=tmp_path).options
    assert (options.shape, options.container) == (shape, container)
    assert options.compression == {"": "", ".gz": "gzip", ".zst": "zstd"}[packing]
    first, second = corpus.read(path)
    if shape == "text":
        assert [first.text, second.text] == [row["text"] for row in SHAPES["text"]]
        return
    assert turns(first) == [("user", QUESTION), ("assistant", ANSWER)]
    assert first.pairs == 1
    if shape not in corpus.SINGLE_TURN:
        roles = ["system", "user", "assistant", "user", "assistant"]
        assert turns(second) == list(zip(roles, ["Be kind", "Hi", "Hello", "And?", "So."], strict=True))
        assert (second.pairs, second.turns) == (2, 4)


def test_parts_of_text_are_one_text_and_developers_are_systems(read):
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    (row,) = read(jsonl([{"messages": [SYSTEM | {"role": "developer"}, USER | {"content": parts}, ASSISTANT]}]))
    assert turns(row) == [("system", "Be kind"), ("user", "Hello"), ("assistant", "Hi")]


def test_columns_of_other_names_are_guessed_or_mapped(read):
    (row,) = read(jsonl([{"question": "Hello", "answer": "Hi"}]))
    assert turns(row) == [("user", "Hello"), ("assistant", "Hi")]
    mapping = {"prompt": "frage", "completion": "antwort"}
    (row,) = read(jsonl([{"frage": "Hello", "antwort": "Hi"}]), shape="prompt_completion", mapping=mapping)
    assert turns(row) == [("user", "Hello"), ("assistant", "Hi")]


def test_columns_that_no_format_has_are_not_guessed(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_bytes(jsonl([{"a": "x", "b": "y"}, {"c": 1}]))
    detected = detect(path, path.name, limit=corpus.LIMIT, scratch=tmp_path)
    assert not detected.is_recognized
    assert detected.columns == ["a", "b", "c"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_file_is_found(read, delimiter):
    rows = read(as_csv(SHAPES["prompt_completion"], delimiter), name="d.csv")
    assert turns(rows[0]) == [("user", QUESTION), ("assistant", ANSWER)]
    assert [row.line for row in rows] == [2, 4]


@pytest.mark.parametrize("container", ["jsonl", "json", "csv"])
def test_a_byte_order_mark_is_taken(read, container):
    data = b"\xef\xbb\xbf" + CONTAINERS[container](SHAPES["prompt_completion"])
    assert [turns(row)[0][1] for row in read(data, name=f"d.{container}")] == [QUESTION, "Hi"]


def test_blank_lines_and_windows_line_ends_count_as_lines(read):
    line = json.dumps({"messages": [USER, ASSISTANT]}).encode()
    assert [row.line for row in read(b"\r\n" + line + b"\r\n  \r\n" + line + b"\r\n")] == [2, 4]


def test_elements_of_an_array_are_named_by_the_line_that_they_begin_on(read):
    rows = [{"messages": [USER, ASSISTANT]}, 5, {"messages": [USER, USER]}]
    data = b"[\n" + b",\n\n".join(json.dumps(row).encode() for row in rows) + b"\n]\n"
    found = read(data, name="d.json")
    assert [row.line for row in found] == [2, 4, 6]
    assert isinstance(found[0], Conversation)
    assert [problem.kind for problem in found[1:]] == ["wrong_value", "turn_order"]


@pytest.mark.parametrize(
    ("line", "kind", "field", "reason"),
    [
        (b"{nonsense", "row_json", "", "Not valid JSON: Expecting property name enclosed in double quotes (column 2)."),
        (b'"text"', "wrong_value", "", 'The row is not an object but "text".'),
        (b"{}", "missing_field", "messages", 'There is no "messages".'),
        (b'{"messages": "hi"}', "wrong_value", "messages", "messages must be a list"),
        ([], "wrong_value", "messages", "messages must be a list"),
        (["hi"], "wrong_value", "messages[0]", 'messages[0] is not an object with "role" and "content"'),
        ([USER, {"role": "bot", "content": "x"}], "unknown_role", "messages[1].role", 'messages[1].role is "bot"'),
        ([USER, {"content": "x"}], "unknown_role", "messages[1].role", "messages[1].role is null"),
        ([USER, {"role": ["a"], "content": "x"}], "unknown_role", "messages[1].role", 'messages[1].role is ["a"]'),
        ([USER, ASSISTANT | {"content": 5}], "wrong_value", "messages[1].content", "must be text, but is 5."),
        ([USER, ASSISTANT | {"content": None}], "wrong_value", "messages[1].content", "must be text, but is null."),
        ([USER | {"content": [{"type": "image_url"}]}], "wrong_value", "messages[0].content", 'type "image_url"'),
        (
            [USER, ASSISTANT | {"weight": 2}],
            "wrong_value",
            "messages[1].weight",
            "use 0 or false (not trained on) to 1 or true",
        ),
        ([USER, ASSISTANT | {"content": "a\0b"}], "bad_character", "messages[1].content", "holds a NUL character."),
        ([USER, ASSISTANT | {"content": "\ud83d"}], "bad_character", "messages[1].content", "half a surrogate pair"),
        ([SYSTEM], "turn_order", "messages", "must begin with a user message"),
        ([ASSISTANT], "turn_order", "messages[0]", "must begin with a user message"),
        ([USER, ASSISTANT, SYSTEM], "turn_order", "messages[2]", "a system message may only come first."),
        ([USER, USER, ASSISTANT], "turn_order", "messages[1]", "two user messages follow each other"),
        (b'{"messages": "\xff"}', "row_encoding", "", "Not UTF-8: byte 0xff at byte offset"),
        (b"[" * 100_000 + b"]" * 100_000, "row_json", "", "nested too deeply"),
        (b'{"messages": ' + b"9" * 5000 + b"}", "row_json", "", "too many digits"),
    ],
)
def test_a_bad_row_is_named_with_its_field_and_reason_and_the_rest_is_read(read, line, kind, field, reason):
    good = jsonl([{"messages": [USER, ASSISTANT]}])
    bad = line if isinstance(line, bytes) else json.dumps({"messages": line}).encode()
    before, problem, after = read(good + bad + b"\n" + good, shape="openai_chat")
    assert isinstance(before, Conversation)
    assert isinstance(after, Conversation)
    assert (problem.kind, problem.line, problem.field) == (kind, 2, field)
    assert reason in problem.reason
    assert problem.excerpt
    assert len(problem.excerpt) < 120


def test_the_excerpt_shows_the_place_in_a_long_line(read):
    line = b'{"messages": [' + b'"x", ' * 1000 + b"oops" + b', "y"' * 1000 + b"]}"
    (problem,) = read(line, shape="openai_chat")
    assert "oops" in problem.excerpt
    assert problem.excerpt.startswith("…")
    assert problem.excerpt.endswith("…")


def test_the_byte_offset_is_that_of_the_file(read):
    first = jsonl([{"messages": chat(("é", "ü"))}])
    data = first + b'{"messages": "ab\xe9"}\n'
    (_, problem) = read(data)
    assert f"byte 0xe9 at byte offset {data.index(bytes([0xE9, 34])):,}" in problem.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["user", "assistant", "system"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["role", "content", "from", "value", "weight", "tool_calls", "function", "name", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)
fields = st.sampled_from(["messages", "conversations", "instruction", "input", "output", "history", "prompt",
                          "completion", "text", "system"])  # fmt: skip
generous = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@generous
@given(
    st.lists(st.dictionaries(fields, json_values, max_size=4), min_size=1, max_size=5), st.sampled_from(list(SHAPES))
)
@pytest.mark.parametrize("container", ["jsonl", "json"])
def test_every_json_row_is_a_conversation_or_an_error(read, container, rows, shape):
    found = read(CONTAINERS[container](rows), name=f"d.{container}", shape=shape)
    assert len(found) == len(rows)
    assert all(isinstance(row, Conversation | Problem) for row in found)


@generous
@given(st.binary(max_size=300), st.sampled_from(["d.jsonl", "d.json", "d.csv", "d.parquet", "d.jsonl.gz", "d"]))
@pytest.mark.parametrize("start", [b"", b"[", b"{", b"a,b\n", b"PAR1", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"])
def test_no_bytes_break_the_reader(read, start, data, name):
    assert all(isinstance(row, Conversation | Problem) for row in read(start + data, name, shape="openai_chat"))


@generous
@given(st.data())
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("packing", [".gz", ".zst", ""])
def test_a_damaged_file_is_told_and_breaks_nothing(read, container, packing, data):
    whole = bytearray(PACKINGS[packing](CONTAINERS[container](SHAPES["openai_chat"] * 3)))
    position = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        whole[position] = data.draw(st.integers(0, 255))
    else:
        del whole[position:]
    found = read(bytes(whole), name=f"d.{container}{packing}", shape="openai_chat")
    assert all(isinstance(row, Conversation | Problem) for row in found)
