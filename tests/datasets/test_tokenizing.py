"""The program that reads a file through: on several processes, stopped, killed, and continued."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from datasets.formats.detect import detect
from datasets.tokenizing import program, run
from datasets.tokenizing.cache import read_rows
from datasets.tokenizing.program import PassFailed, read_through
from datasets.tokenizing.run import CACHE, LEFT_OUT, PASS, RESULT, Pass
from tests.datasets.corpus import as_csv, chat, json_array, jsonl, parquet

ROWS = 4000


def rows(count=ROWS):
    for number in range(count):
        yield {
            "messages": chat(
                (f"Question {number}? " + "red green blue " * 12, f"Answer {number}. " + "warm cold " * 20)
            )
        }


@pytest.fixture
def make_pass(tmp_path, tiny_model):
    def make(data, name="d.jsonl", **changes):
        path = tmp_path / name
        path.write_bytes(data)
        options = detect(path, name, limit=2**30, scratch=tmp_path).options.to_dict()
        values = {
            "path": str(path), "sha256": "0" * 64, "options": options, "tokenizer": str(tiny_model),
            "today": "2026-01-31", "folder": str(tmp_path / "parts"), "unpacked_limit": 2**30, "row_limit": 10**6,
            "processes": 2,
        }  # fmt: skip
        return Pass(**values | changes)

    return make


def on(_):
    return True


def lines_of(result):
    with result.cache.open("rb") as file:
        found, total = read_rows(file, 0, 10**6)
    assert len(found) == total
    return [row.line for row in found]


@pytest.mark.parametrize("write", [jsonl, json_array, parquet])
def test_a_file_of_many_parts_is_read_in_order_by_several_processes(make_pass, write):
    name = {jsonl: "d.jsonl", json_array: "d.json", parquet: "d.parquet"}[write]
    result = read_through(make_pass(write(list(rows())), name), on)
    assert (result.findings.rows, result.findings.conversations, result.findings.pairs) == (ROWS, ROWS, ROWS)
    lines = lines_of(result)
    assert lines == sorted(lines)
    assert len(set(lines)) == ROWS


def test_one_process_and_several_find_the_same(make_pass, tmp_path):
    data = jsonl(rows()) + b"{\n" + jsonl([{"messages": []}])
    one = read_through(make_pass(data, processes=1, folder=str(tmp_path / "one")), on)
    two = read_through(make_pass(data, processes=2, folder=str(tmp_path / "two")), on)
    assert one.findings == two.findings
    assert one.findings.bad_rows == 2
    assert one.cache.read_bytes() == two.cache.read_bytes()
    assert one.left_out.read_text() == two.left_out.read_text()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(program, "BEAT_SECONDS", 0.01)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("end", ["cancelled", "killed"])
def test_what_was_done_before_the_end_is_not_done_again(make_pass, tmp_path, end):
    """Whether the worker stops it or dies with it, whole parts are continued."""
    data = jsonl(rows(5_000))
    folder = tmp_path / "parts"
    first = folder / "part-000000.arrow"

    def stop_after_two_parts(_):
        # The second may be done before the first, and what is done is continued from the file's beginning.
        if not first.with_suffix(".json").exists() or len(list(folder.glob("part-*.json"))) < 2:
            return True
        if end == "killed":
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                if str(folder) in _text(path):
                    os.kill(int(path.parent.name), signal.SIGKILL)
            return True
        return False

    asked = make_pass(data)
    if end == "killed":
        with pytest.raises(PassFailed, match="killed"):
            read_through(asked, stop_after_two_parts)
    else:
        assert read_through(asked, stop_after_two_parts) is None
    written = first.stat().st_mtime_ns
    kept = []
    result = read_through(asked, lambda _: kept.append(first.exists() and first.stat().st_mtime_ns) or True)
    assert set(kept) <= {written, False}
    assert result.findings.conversations == 5_000
    assert lines_of(result) == list(range(1, 5_001))


def _text(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def test_parts_of_another_file_are_not_continued(make_pass):
    read_through(make_pass(jsonl(rows(10))), on)
    result = read_through(make_pass(jsonl(rows(20)), sha256="1" * 64), on)
    assert result.findings.conversations == 20


@pytest.mark.parametrize("gone", [[CACHE], [LEFT_OUT], [CACHE, LEFT_OUT], [RESULT], [RESULT, CACHE], [PASS]])
def test_what_was_taken_away_before_the_result_was_kept_is_made_anew(make_pass, gone):
    """Storage takes one file after the other, and can be full, or its worker dead, between any two."""
    asked = make_pass(jsonl(rows(30)) + b"{\n")
    first = read_through(asked, on)
    cache, left_out = first.cache.read_bytes(), first.left_out.read_text()
    for name in gone:
        (first.cache.parent / name).unlink()
    second = read_through(asked, on)
    assert second.findings == first.findings
    assert (second.cache.read_bytes(), second.left_out.read_text()) == (cache, left_out)


def test_its_processes_end_with_their_parent(make_pass, tmp_path):
    asked = make_pass(jsonl(rows(8_000)))
    job = tmp_path / "pass.json"
    job.write_text(json.dumps(asked.__dict__))
    child = os.fork()
    if child == 0:
        read_through(asked, on)
        os._exit(0)
    folder = Path(asked.folder)
    _wait(lambda: list(folder.glob("part-*.json")))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    _wait(lambda: not [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(folder) in _text(path)])


def _wait(question):
    deadline = time.monotonic() + 20
    while not question():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_more_rows_than_allowed_are_not_read(make_pass):
    result = read_through(make_pass(jsonl(rows(30)), row_limit=20), on)
    assert (result.findings.rows, result.findings.is_complete) == (20, False)
    assert result.findings.counts == {"too_much": 1}


def test_a_csv_files_rows_are_named_by_the_lines_that_they_begin_on(make_pass):
    data = as_csv([{"prompt": "a\nb", "completion": "c"}] * 5)
    assert lines_of(read_through(make_pass(data, "d.csv"), on)) == [2, 4, 6, 8, 10]


def test_the_cache_is_an_arrow_file_that_names_its_tokenizer(make_pass):
    import pyarrow as pa

    result = read_through(make_pass(jsonl(rows(5))), on)
    schema = pa.ipc.open_file(pa.memory_map(str(result.cache))).schema
    assert schema.names == ["line", "pairs", "ids", "spans", "weights", "head"]
    assert json.loads(schema.metadata[b"fingerprint"]) == result.fingerprint
    assert result.cache.name == run.CACHE
