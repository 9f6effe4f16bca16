"""Values keep their meaning, whatever container they come in."""

import io
import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from datasets.formats.rows import Conversation
from tests.datasets.corpus import CONTAINERS, PACKINGS, as_csv, jsonl, parquet, turns

ROW = {"prompt": "Hallo", "completion": "Guten Tag"}


def call(arguments):
    return {"type": "function", "function": {"name": "f", "arguments": arguments}}


def chat_with(arguments):
    return {
        "messages": [
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": "", "tool_calls": [call(arguments)]},
        ]
    }


def arguments_of(row):
    assert isinstance(row, Conversation), row
    return row.messages[1].calls[0]["function"]["arguments"]


def stored(table):
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    return sink.getvalue()


@pytest.mark.parametrize("container", CONTAINERS)
def test_an_argument_that_the_row_does_not_have_is_not_trained(read, container):
    plain = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "Hi"}]}
    rows = [chat_with({"sku": "A-17"}), chat_with({"theta": 90}), plain]
    first, second, plain = read(CONTAINERS[container](rows), f"d.{container}")
    assert (arguments_of(first), arguments_of(second)) == ({"sku": "A-17"}, {"theta": 90})
    assert plain.messages[1].calls == ()
    assert plain.unused == ()


@pytest.mark.parametrize("container", ["jsonl", "json", "csv"])
def test_a_null_that_stands_in_json_is_null(read, container):
    (row,) = read(CONTAINERS[container]([chat_with({"sku": None})]), f"d.{container}")
    assert arguments_of(row) == {"sku": None}


def test_a_null_in_arguments_that_are_json_text_is_null_in_parquet_too(read):
    (row,) = read(parquet([chat_with('{"sku": null}')]), "d.parquet")
    assert arguments_of(row) == {"sku": None}


def test_a_map_is_an_object(read):
    arguments = pa.map_(pa.string(), pa.string())
    function = pa.struct([("name", pa.string()), ("arguments", arguments)])
    message = pa.struct(
        [("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.list_(pa.struct([("function", function)])))]
    )
    calls = [{"function": {"name": "f", "arguments": [("sku", "A"), ("note", None)]}}]
    rows = [[{"role": "user", "content": "q"}, {"role": "assistant", "content": None, "tool_calls": calls}]]
    (row,) = read(stored(pa.table({"messages": pa.array(rows, pa.list_(message))})), "d.parquet")
    assert arguments_of(row) == {"sku": "A", "note": None}


@pytest.mark.parametrize("list_of", [pa.list_, pa.large_list, lambda kind: pa.list_(kind, 2)])
def test_absent_fields_are_absent_in_every_kind_of_list(read, list_of):
    message = pa.struct([("role", pa.string()), ("content", pa.string()), ("weight", pa.float64()), ("x", pa.string())])
    rows = [[{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]]
    (row,) = read(stored(pa.table({"messages": pa.array(rows, list_of(message))})), "d.parquet")
    assert (row.pairs, row.unused) == (1, ())


@pytest.mark.parametrize("container", CONTAINERS)
def test_absent_fields_of_tools_are_absent(read, container):
    tools = [
        {"type": "function", "function": {"name": name, "parameters": {"properties": {name: {"type": "string"}}}}}
        for name in ("f", "g")
    ]
    row = {"tools": tools, "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    (found,) = read(CONTAINERS[container]([row]), f"d.{container}")
    assert list(found.tools) == tools


@pytest.mark.parametrize("cell", ["[]", " [] ", "null", ""])
@pytest.mark.parametrize("column", ["history", "tools"])
def test_cells_that_hold_nothing_in_json_hold_nothing(read, column, cell):
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    rows = {
        "history": {"instruction": "Hi", "input": "", "output": "Hello", "history": cell},
        "tools": {"messages": messages, "tools": cell},
    }
    (row,) = read(as_csv([rows[column]]), "d.csv")
    assert turns(row) == [("user", "Hi"), ("assistant", "Hello")]
    assert row.tools == ()


@pytest.mark.parametrize("container", CONTAINERS)
def test_earlier_turns_are_read_where_there_are_some(read, container):
    rows = [
        {"instruction": "Bye", "input": "", "output": "Bye!", "history": [["Hi", "Hello"]]},
        {"instruction": "Yo", "input": "", "output": "Yo!", "history": []},
    ]
    first, second = read(CONTAINERS[container](rows), f"d.{container}")
    assert [text for _, text in turns(first)] == ["Hi", "Hello", "Bye", "Bye!"]
    assert [text for _, text in turns(second)] == ["Yo", "Yo!"]


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
def test_the_line_that_names_the_separator_is_no_header(read, line, start):
    first, second = read(f"{start}{line}\r\nprompt;completion\r\na, b;c\r\nd;e\r\n".encode(), "d.csv")
    assert turns(first) == [("user", "a, b"), ("assistant", "c")]
    assert (first.line, second.line) == (3, 4)


def test_the_named_separator_wins_over_the_more_frequent(read):
    (row,) = read(b"sep=|\nprompt|completion\na,b,c|d;e;f\n", "d.csv")
    assert turns(row) == [("user", "a,b,c"), ("assistant", "d;e;f")]


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_lines_may_end_in_carriage_returns_alone(read, packing):
    data = PACKINGS[packing](b"prompt,completion\rHallo,Guten Tag\r" + b"x,y\r" * 20_000)
    rows = read(data, f"d.csv{packing}")
    assert len(rows) == 20_001
    assert (turns(rows[0]), rows[0].line) == ([("user", "Hallo"), ("assistant", "Guten Tag")], 2)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"prompt": "x", "prompt": "Hallo", "completion": "Guten Tag"}', "d.jsonl"),
        (b'[{"prompt": "x", "prompt": "Hallo", "completion": "Guten Tag"}]', "d.json"),
        (b"prompt,prompt,completion\nx,Hallo,Guten Tag\n", "d.csv"),
    ],
)
def test_a_key_that_stands_twice_is_warned_of(read, data, name):
    (row,) = read(data, name)
    assert turns(row) == [("user", "Hallo"), ("assistant", "Guten Tag")]
    ((kind, reason),) = row.notes
    assert kind == "duplicate_keys"
    assert "“prompt” occurs more than once" in reason


def test_a_key_that_stands_twice_deep_in_a_row_is_warned_of(read):
    for arguments in ('{"a": 1, "a": 2}', json.dumps('{"a": 1, "a": 2}')):
        line = json.dumps(chat_with("HERE")).replace('"HERE"', arguments).encode()
        (row,) = read(line)
        assert arguments_of(row) == {"a": 2}
        assert [kind for kind, _ in row.notes] == ["duplicate_keys"]


def test_rows_without_repeated_keys_are_not_warned_of(read):
    assert [row.notes for row in read(jsonl([ROW, ROW]))] == [(), ()]
