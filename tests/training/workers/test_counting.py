"""What is counted before a run is what the trainer's windows make of the tokens, row by row."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.tokenizing.cache import SCHEMA
from training.trainer.windows import CUT, DROP, SPLIT, Measures, row_windows
from training.workers.counting import count


def write(path, rows):
    """A cache of rows (line, spans, weights, head, length), two to a batch."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as writer:
        for start in range(0, len(rows), 2):
            columns = {name: [] for name in SCHEMA.names}
            for line, spans, weights, head, length in rows[start : start + 2]:
                values = (line, len(spans) // 2, list(range(length)), spans, weights, head)
                for name, value in zip(SCHEMA.names, values, strict=True):
                    columns[name].append(value)
            writer.write_batch(pa.record_batch(columns, schema=SCHEMA))
    return path


@st.composite
def rows(draw, is_text=False):
    found = []
    for line in range(1, draw(st.integers(1, 6)) + 1):
        head = draw(st.integers(0, 3))
        if is_text:
            length = head + draw(st.integers(1, 60))
            found.append((line, [head, length], [], head, length))
            continue
        spans, at = [], head
        for _ in range(draw(st.integers(0, 3))):
            begin = at + draw(st.integers(0, 10))
            at = begin + draw(st.integers(1, 20))
            spans += [begin, at]
        weights = [draw(st.sampled_from([0.0, 0.5, 1.0])) for _ in spans[::2]] if draw(st.booleans()) else []
        found.append((line, spans, weights, head, at + draw(st.integers(1, 5))))
    return found


@pytest.mark.parametrize("choice", [SPLIT, CUT, DROP])
@pytest.mark.parametrize("is_text", [False, True])
def test_every_window_is_counted_and_every_lost_answer_named(tmp_path_factory, choice, is_text):
    folder = tmp_path_factory.mktemp("caches")

    @given(rows(is_text), st.integers(4, 80))
    @settings(max_examples=100, deadline=None)
    def holds(data, limit):
        counted = count(write(folder / "cache.arrow", data), limit=limit, choice=choice, is_text=is_text)
        made = {
            line: row_windows([Measures(length, spans, weights, head)], limit=limit, choice=choice, is_text=is_text)[0]
            for line, spans, weights, head, length in data
        }
        whole = [window for found in made.values() for window in found]
        assert counted.conversations == sum(bool(found) for found in made.values())
        assert counted.dropped == sum(bool(spans) and not made[line] for line, spans, *_ in data)
        assert counted.sequences == len(whole)
        assert counted.tokens == sum(window.length for window in whole)
        assert counted.pairs == sum(window.pairs for window in whole)
        assert counted.trained_tokens == sum(window.trained for window in whole)
        assert counted.lengths.longest == max((window.length for window in whole), default=0)
        assert counted.truncated == sum(bool(spans) and length > limit for _, spans, _, _, length in data)
        lost = [line for line, spans, *_ in data if sum(window.pairs for window in made[line]) < len(spans) // 2]
        assert [row["line"] for row in counted.lost] == lost
        assert counted.lost_count == len(lost)

    holds()


def test_examples_of_one_row_are_one_conversation(tmp_path):
    data = [(1, [20, 25], [], 1, 26), (1, [30, 39], [], 1, 40), (2, [20, 25], [], 1, 26)]
    path = write(tmp_path / "cache.arrow", data)
    split = count(path, limit=30, choice=SPLIT, is_text=False)
    assert (split.conversations, split.sequences, split.pairs, split.truncated, split.lost_count) == (2, 3, 3, 1, 0)
    drop = count(path, limit=30, choice=DROP, is_text=False)
    assert (drop.conversations, drop.sequences, drop.pairs, drop.truncated, drop.lost_count) == (1, 1, 1, 1, 1)


def test_what_is_lost_is_said_in_a_persons_words(tmp_path):
    data = [(7, [2, 3, 5, 30], [], 1, 40)]
    counted = count(write(tmp_path / "cache.arrow", data), limit=16, choice=SPLIT, is_text=False)
    assert counted.lost == [
        {"line": 7, "kind": "too_long", "reason": "1 of 2 answers would be lost: 40 tokens, and a sequence holds 16."}
    ]
