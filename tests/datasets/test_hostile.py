"""Files that are made to do harm, or are not what they say: a clear error, in bounded time and memory."""

import gzip
import io
import json
import subprocess
import sys
import zipfile

import pyarrow as pa
import pyarrow.parquet
import pytest
from backports import zstd

from datasets.formats import containers, json_array, rows
from datasets.formats.rows import Conversation
from tests.datasets.corpus import as_csv, chat, jsonl, parquet

GOOD = {"messages": chat(("Hello", "Hi"))}


def zipped():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("data.jsonl", jsonl([GOOD]))
    return archive.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "kind", "says"),
    [
        (b"", "d.jsonl", "empty_file", "The file is empty."),
        (zipped(), "d.jsonl", "wrong_type", "a ZIP archive or an Office document, not a dataset. Unpack it"),
        (b"%PDF-1.7\n", "d.jsonl", "wrong_type", "a PDF document"),
        (b"\x89PNG\r\n", "d.csv", "wrong_type", "a PNG image"),
        (b"\x80\x04\x95", "d.jsonl", "wrong_type", "a Python pickle"),
        (b"<!doctype html>", "d.jsonl", "wrong_type", "a web page"),
        (jsonl([GOOD]), "d.csv", "wrong_type", "The name says CSV, but the content is JSON Lines."),
        (jsonl([GOOD]), "d.parquet", "wrong_type", "The name says Parquet, but the content is JSON Lines."),
        (parquet([GOOD]), "d.jsonl", "wrong_type", "The name says JSON Lines, but the content is Parquet."),
        (as_csv([{"prompt": "a", "completion": "b"}]), "d.json", "wrong_type", "The name says JSON array"),
        (b'{\n  "messages": []\n}', "d.json", "wrong_type", "One object is spread over several lines."),
        (json.dumps(GOOD).encode("utf-16"), "d.jsonl", "encoding", "byte 0xff at byte offset 0"),
        (b"prompt,completion\na\0b,c\n", "d.csv", "encoding", "a NUL byte at byte offset 19"),
        (b'[{"prompt": "\xff"}]', "d.json", "encoding", "Not UTF-8: byte 0xff at byte offset 13"),
        (b'[\n{"a": 1},\n{"a" 2}]', "d.json", "broken_json", "Expecting ':' delimiter"),
        (b'[{"a": 1} {"a": 2}]', "d.json", "broken_json", "A comma or the closing"),
        (b'[{"a": 1},', "d.json", "broken_json", "Not valid JSON"),
        (b'[{"a": 1}', "d.json", "broken_json", "The file is cut short"),
        (b'[{"a": 1}] x', "d.json", "broken_json", "Something follows"),
        (b"[" * 200_000, "d.json", "broken_json", "nested too deeply"),
        (gzip.compress(jsonl([GOOD]), mtime=0)[:-9], "d.jsonl.gz", "broken_compression", "cut short"),
        (zstd.compress(jsonl([GOOD]))[:-3], "d.jsonl.zst", "broken_compression", "cut short"),
        (b"\x1f\x8b\x08\0junkjunk" * 9, "d.jsonl.gz", "broken_compression", "damaged"),
        (b"PAR1 this is not it PAR1", "d.parquet", "broken_parquet", "cannot be read"),
        (b'prompt,completion\n"never closed,x\n' + b"y\n" * 100, "d.csv", "broken_csv", "Not valid CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(read, data, name, kind, says):
    *_, problem = read(data, name, shape="openai_chat")
    assert problem.kind == kind
    assert problem.severity == "fatal"
    assert says in problem.reason


def test_a_broken_array_is_read_up_to_the_place_which_is_named_by_line(read):
    data = b"[\n" + json.dumps(GOOD).encode() + b',\n{"messages": oops}\n]'
    first, problem = read(data, "d.json")
    assert isinstance(first, Conversation)
    assert problem.line == 3
    assert "oops" in problem.excerpt


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@pytest.mark.parametrize("content", [b"\0", b" ", b"\n", b'{"messages": 1}\n'])
def test_a_bomb_is_unpacked_no_further_than_allowed(read, pack, content):
    bomb = pack(content * (8 * 1024**2 // len(content)))
    *_, problem = read(bomb, "d.jsonl", limit=1024**2, shape="openai_chat")
    assert problem.kind in ("too_much", "encoding")


def test_a_zstd_frame_that_asks_for_a_huge_window_is_refused(read):
    compressor = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 30})
    data = compressor.compress(b" " * 2**20) + compressor.flush()
    *_, problem = read(data, "d.jsonl")
    assert problem.kind == "broken_compression"


def test_a_parquet_file_that_unpacks_to_too_much_is_refused_by_its_footer(read):
    data = parquet([{"prompt": "x" * 1000, "completion": str(number)} for number in range(4000)])
    *_, problem = read(data, "d.parquet", limit=10_000)
    assert problem.kind == "too_much"


@pytest.fixture
def short_rows(monkeypatch):
    for module in (rows, containers, json_array):
        monkeypatch.setattr(module, "LONGEST_ROW", 1000)
    monkeypatch.setattr(json_array, "BLOCK", 256)


@pytest.mark.usefixtures("short_rows")
def test_an_endless_line_is_an_error_that_is_not_read_into_memory(read):
    long, good = read(b'{"x": "' + b"x" * 50_000 + b'"}\n' + jsonl([GOOD]))
    assert (long.kind, long.line) == ("row_too_long", 1)
    assert (type(good), good.line) == (Conversation, 2)


@pytest.mark.usefixtures("short_rows")
@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b'[{"x": "' + b"x" * 50_000 + b'"}]', "d.json", "broken_json"),
        (b'prompt,completion\n"' + b"x" * 50_000 + b'",b\n', "d.csv", "broken_csv"),
        (b'prompt,completion\na,"' + b"x\n" * 50_000, "d.csv", "broken_csv"),
        (parquet([{"prompt": "x" * 50_000, "completion": "b"}]), "d.parquet", "row_too_long"),
    ],
)
def test_an_endless_row_is_one_as_well(read, data, name, kind):
    *_, problem = read(data, name, shape="prompt_completion")
    assert problem.kind == kind


@pytest.mark.parametrize("cell", ['=HYPERLINK("http://x")', "=A1", "=cmd|'/C calc'!A0", "@SUM(1)", "+SUM(A1:A2)"])
def test_a_formula_in_a_csv_file_is_an_error(read, cell):
    problem, good = read(as_csv([{"prompt": cell, "completion": "b"}, {"prompt": "a", "completion": "b"}]), "d.csv")
    assert (problem.kind, problem.field, problem.line) == ("formula", "prompt", 2)
    assert isinstance(good, Conversation)


@pytest.mark.parametrize(
    "cell", ["- first\n- second", "-5 degrees", "+49 30 1234", "@ada said", "= equals", "=> so", "-print(x)"]
)
def test_a_text_that_only_begins_like_a_formula_is_a_text(read, cell):
    (row,) = read(as_csv([{"prompt": cell, "completion": "b"}]), "d.csv")
    assert row.messages[0].content == cell


def test_a_csv_row_with_too_many_values_is_an_error_and_the_rest_is_read(read):
    problem, good = read(b"prompt,completion\na,b,c\na,b\n", "d.csv")
    assert problem.kind == "wrong_value"
    assert "3 values, but the header has 2 columns" in problem.reason
    assert isinstance(good, Conversation)


MEMORY = """
import resource, sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from tests.datasets.corpus import read
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read(Path(sys.argv[1]), sys.argv[2], limit=4 * 1024**3, shape="openai_chat")
print(found[-1].kind, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_huge_packed_line_takes_no_memory(tmp_path, pytestconfig):
    with gzip.open(tmp_path / "line.jsonl.gz", "wb", compresslevel=1) as file:
        file.write(b'{"messages": "')
        for _ in range(256):
            file.write(b"x" * 1024**2)
    path = tmp_path / "line.jsonl.gz"
    command = [sys.executable, "-c", MEMORY, str(path), path.name, str(pytestconfig.rootpath)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found, megabytes = done.stdout.split()
    assert found == "row_too_long"
    assert int(megabytes) < 60


def test_a_parquet_dictionary_bomb_is_refused(read):
    table = pa.table({"prompt": ["x" * 100_000] * 2000, "completion": ["y"] * 2000})
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink, use_dictionary=True, compression="zstd")
    assert len(sink.getvalue()) < 100_000
    found = read(sink.getvalue(), "d.parquet", limit=1024**2)
    assert found[-1].kind == "too_much"
