"""A data set's cache as the trainer takes it: what is learned, what is too long, and whether it is the model's own."""

import hashlib
import json

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.tokenizing.cache import SCHEMA
from training.jobs.held_out import pairs_by_line
from training.trainer.corpus import enough, load_corpus
from training.trainer.data import IGNORED, collate
from training.trainer.errors import TrainingError
from training.trainer.reading import read_contents
from training.trainer.step_plan import split
from training.trainer.windows import windows
from training.workers.counting import count

TEMPLATE = "{{ messages }} {{ strftime_now('%d') }}"


class Tokenizer:
    """What is asked of a model's: its template, and the tokens of a text. It cannot render."""

    def __init__(self, template=TEMPLATE):
        self.template = template

    def get_chat_template(self):
        if self.template is None:
            raise ValueError("several, and none is the default")
        return self.template

    def __call__(self, text, *, add_special_tokens):
        assert not add_special_tokens
        return {"input_ids": list(text.encode())}


ABOUT = {
    "template": hashlib.sha256(TEMPLATE.encode()).hexdigest(),
    "probes": ["<s>hé", ""],
    "probe_ids": [list("<s>hé".encode()), []],
    "is_text": False,
    "is_dated": True,
    "date": "2026-01-31",
    "notes": {"system_folded": 2},
}


def row(line, length, spans, weights=(), head=0):
    ids = [1000 * line + at for at in range(length)]
    return {"line": line, "pairs": len(spans) // 2, "ids": ids, "spans": spans, "weights": weights, "head": head}


def write(folder, *batches, **changes):
    metadata = {name: json.dumps(value) for name, value in (ABOUT | changes).items() if value is not None}
    path = folder / "data.arrow"
    schema = SCHEMA.with_metadata(metadata)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for rows in batches:
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
    return path


def read(path, *, limit=100, choice="split", tokenizer=None):
    return read_contents(path, tokenizer or Tokenizer(), limit=limit, choice=choice)


ROWS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=5),
        st.integers(0, 20),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(5, 80), st.integers(1, 12))
def test_all_rows_are_read_as_one_by_one(tmp_path, drawn, limit, batch_rows):
    rows, line = [], 0
    for turns, tail, is_weighted, is_new in drawn:
        line += 1 if is_new or not rows else 0
        spans, at = [], 0
        for question, answer in turns:
            spans += [at + question, at + question + answer]
            at = spans[-1]
        weights = [[0.0, 0.5, 1.0][number % 3] for number in range(len(turns))] if is_weighted else []
        rows.append(row(line, at + tail + 1, spans, weights))
    lines = sorted({one["line"] for one in rows})
    batches = [
        [one for one in rows if one["line"] in lines[at : at + batch_rows]] for at in range(0, len(lines), batch_rows)
    ]
    expected = []
    for one in rows:
        for window in windows(
            len(one["ids"]), one["spans"], one["weights"], one["head"], limit=limit, choice="cut", is_text=False
        ):
            ids = one["ids"][: window.head] + one["ids"][window.start : window.stop]
            labels, weights = [IGNORED] * len(ids), [1.0] * len(ids)
            for number, (begin, end) in enumerate(zip(window.spans[::2], window.spans[1::2], strict=True)):
                labels[begin:end] = ids[begin:end]
                weights[begin:end] = [(window.weights or [1.0] * window.pairs)[number]] * (end - begin)
            expected.append((one["line"], ids, labels, weights if set(weights) != {1.0} else None, window.pairs))
    path = write(tmp_path, *batches)
    if not expected:
        with pytest.raises(TrainingError, match="trained on"):
            read(path, limit=limit, choice="cut")
        return
    contents = read(path, limit=limit, choice="cut")
    found = contents.examples
    assert [(one.line, one.ids, one.labels, one.weights, one.pairs) for one in found] == expected
    for one in found:
        assert one.length == len(one.ids) <= limit
        assert one.trained == sum(label != IGNORED for label in one.labels[1:]) > 0
    assert contents.conversations == len({one["line"] for one in rows if one["spans"]})
    assert contents.truncated == len({one["line"] for one in rows if one["spans"] and len(one["ids"]) > limit})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=5), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    st.integers(2, 80),
    st.sampled_from(["split", "cut", "drop"]),
    st.booleans(),
)
def test_the_trainer_reads_just_what_was_counted_before_the_run(tmp_path, drawn, limit, choice, is_weighted):
    rows, line = [], 0
    for turns, is_new in drawn:
        line += 1 if is_new or not rows else 0
        spans, at = [], 3
        for question, answer in turns:
            spans += [at + question, at + question + answer]
            at = spans[-1]
        rows.append(row(line, at + 2, spans, [0.5] * len(turns) if is_weighted else [], head=3))
    path = write(tmp_path, rows)
    counted = count(path, limit=limit, choice=choice, is_text=False)
    if not counted.pairs:
        with pytest.raises(TrainingError, match="trained on"):
            read(path, limit=limit, choice=choice)
        return
    contents = read(path, limit=limit, choice=choice)
    found = contents.examples
    conversations = len({one.line for one in found})
    assert (counted.conversations, counted.dropped) == (conversations, contents.conversations - conversations)
    assert (counted.pairs, counted.sequences) == (sum(one.pairs for one in found), len(found))
    assert counted.tokens == sum(one.length for one in found)
    assert counted.trained_tokens == sum(one.trained for one in found)
    assert counted.truncated == contents.truncated


def test_a_row_that_is_left_out_is_left_out_with_all_its_examples(tmp_path):
    path = write(tmp_path, [row(1, 50, [40, 50]), row(1, 150, [140, 150]), row(2, 60, [50, 60])])
    contents = read(path, choice="drop")
    assert [example.line for example in contents.examples] == [2]
    assert (contents.conversations, contents.truncated) == (2, 1)
    assert [example.line for example in read(path, choice="split").examples] == [1, 1, 2]


def test_a_text_is_trained_on_in_pieces_that_begin_as_it_does(tmp_path):
    path = write(tmp_path, [row(1, 25, [1, 25], head=1)], is_text=True)
    pieces = read(path, limit=10).examples
    assert [piece.ids for piece in pieces] == [
        [1000, *range(1001, 1010)],
        [1000, *range(1010, 1019)],
        [1000, *range(1019, 1025)],
    ]
    assert all(piece.labels == [IGNORED, *piece.ids[1:]] for piece in pieces)


def test_weights_are_in_a_batch_only_where_an_answer_does_not_count_1(tmp_path):
    path = write(tmp_path, [row(1, 6, [2, 4], [0.5]), row(2, 4, [2, 4]), row(3, 4, [2, 4], [1.0])])
    first, second, third = read(path).examples
    assert "weights" not in collate([second, third], pad=0)
    batch = collate([first, second], pad=0)
    assert batch["weights"].tolist() == [[1, 1, 0.5, 0.5, 1, 1], [1] * 6]
    assert str(batch["weights"].dtype) == "torch.float32"
    assert batch["labels"].tolist() == [[-100, -100, 1002, 1003, -100, -100], [-100, -100, 2002, 2003, -100, -100]]


def test_what_is_learned_from_is_told_apart_by_tokens_answers_and_weights(tmp_path):
    rows = [
        row(1, 9, [2, 4, 6, 9]), row(1, 9, [2, 4]), row(1, 9, [2, 4], [0.5]), row(1, 9, [2, 4], [0.25]),
        row(2, 9, [2, 4]), row(1, 8, [2, 4]),
    ]  # fmt: skip
    contents = [example.content for example in read(write(tmp_path, rows)).examples]
    assert len(set(contents)) == len(rows)
    same = [row(7, 9, [2, 4]), row(7, 9, [2, 4], [1.0])]
    assert len({example.content for example in read(write(tmp_path, same)).examples}) == 1


@pytest.mark.parametrize(
    ("changes", "tokenizer"),
    [
        ({}, Tokenizer(TEMPLATE + " ")),
        ({}, Tokenizer(None)),
        ({"template": None}, Tokenizer()),
        ({"probe_ids": [[1], []]}, Tokenizer()),
        ({"template": None, "probes": [[{"role": "user", "content": "a"}]], "probe_ids": [[97]]}, Tokenizer()),
    ],
    ids=["another template", "no default template", "a cache from before", "another tokenizer", "chats as probes"],
)
def test_tokens_that_were_made_otherwise_are_refused(tmp_path, changes, tokenizer):
    path = write(tmp_path, [row(1, 9, [2, 4])], **changes)
    with pytest.raises(TrainingError, match="Validate the data set again") as caught:
        read(path, tokenizer=tokenizer)
    assert caught.value.code == "data_invalid"


def test_where_all_is_too_long_that_is_said(tmp_path):
    path = write(tmp_path, [row(1, 200, [20, 190])])
    with pytest.raises(TrainingError, match="longer than the longest sequence of 100 tokens"):
        read(path)


def corpus(path, spec, **changes):
    said = []
    return load_corpus(spec(dataset_path=str(path), **changes), Tokenizer(), said.append), said


def test_examples_of_one_conversation_are_held_out_together_and_the_counts_are_of_conversations(tmp_path, make_spec):
    rows = [row(line, 20, [10, 20]) for line in range(1, 41) for _ in range(3)]
    loaded, (data,) = corpus(write(tmp_path, rows[:60], rows[60:]), make_spec, evaluation_share=0.1)
    assert {one.line for one in loaded.train} | {one.line for one in loaded.held_out} == set(range(1, 41))
    assert not {one.line for one in loaded.train} & {one.line for one in loaded.held_out}
    assert (data.conversations, data.train_pairs, data.evaluation_pairs, data.dropped) == (40, 108, 12, 0)
    assert loaded.counts == data
    again, _ = corpus(write(tmp_path, rows), make_spec, evaluation_share=0.1)
    assert [one.line for one in again.held_out] == [one.line for one in loaded.held_out]
    other, _ = corpus(write(tmp_path, rows), make_spec, evaluation_share=0.1, split_seed=43)
    assert [one.line for one in other.held_out] != [one.line for one in loaded.held_out]


def mixed(line):
    """Rows of one, two and three answers, some of them long, weighted or in two examples."""
    length, spans = 10 + 3 * (line % 11), [[4, 9], [2, 5, 6, 9], [1, 3, 4, 6, 7, 9]][line % 3]
    weights = [0.0, 1.0, 0.5][: len(spans) // 2] if line % 7 == 0 else []
    return [row(line, length, spans, weights) for _ in range(1 + line % 2)]


@pytest.mark.parametrize("choice", ["split", "cut", "drop"])
@pytest.mark.parametrize(("limit", "share", "seed"), [(100, 0.1, 42), (22, 0.25, 7), (14, 0.5, 1), (100, 0.0, 1)])
def test_the_web_side_finds_the_very_rows_that_are_held_out(tmp_path, make_spec, choice, limit, share, seed):
    path = write(tmp_path, *([one for line in lines for one in mixed(line)] for lines in (range(1, 40), range(40, 90))))
    changes = {"evaluation_share": share, "split_seed": seed, "max_sequence_length": limit, "too_long": choice}
    loaded, (data,) = corpus(path, make_spec, **changes)
    pairs = pairs_by_line(path, limit=limit, choice=choice, is_text=False)
    _, chosen = split(pairs=list(pairs.values()), share=share, most=200, seed=seed)
    assert [list(pairs)[index] for index in chosen] == list(dict.fromkeys(one.line for one in loaded.held_out))
    assert sum(pairs.values()) == data.train_pairs + data.evaluation_pairs


def test_other_data_than_were_counted_before_are_refused_with_both_counts(tmp_path, make_spec):
    path = write(tmp_path, [row(line, 20, [5, 8, 10, 20]) for line in range(1, 6)])
    counted = {"conversations": 5, "pairs": 10, "dropped": 2, "truncated": 0}
    _, (data,) = corpus(path, make_spec, expected=counted)
    assert data.dropped == 2
    for wrong in ({"pairs": 1_011}, {"conversations": 6}):
        with pytest.raises(TrainingError, match="but 5 conversations with 10 pairs are there") as caught:
            corpus(path, make_spec, expected=counted | wrong)
        assert caught.value.code == "data_changed"
        assert f"{(counted | wrong)['pairs']:,} pairs, but" in str(caught.value)


def answers(examples):
    """Each learned answer's tokens, in order."""
    return [
        (example.line, *example.ids[begin:end])
        for example in examples
        for begin, end in zip(example.whole().spans[::2], example.whole().spans[1::2], strict=True)
    ]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 7), min_size=1, max_size=6), st.integers(1, 60))
def test_with_fewer_conversations_than_steps_answers_are_shared_out_and_none_is_lost(tmp_path, counts, steps):
    rows = [
        row(line, 10 * count, [edge for at in range(count) for edge in (10 * at + 4, 10 * at + 10)], head=2)
        for line, count in enumerate(counts, start=1)
    ]
    examples = read(write(tmp_path, rows)).examples
    shared = enough(examples, steps)
    assert len(shared) == max(len(examples), min(steps, sum(counts)))
    assert answers(shared) == answers(examples)
    assert sum(one.trained for one in shared) == sum(one.trained for one in examples)
    for one in shared:
        whole = next(example for example in examples if example.line == one.line)
        assert one.ids == whole.ids[: one.length], "its context is not what came before"


def test_one_conversation_of_many_answers_is_as_many_steps(tmp_path, make_spec):
    path = write(tmp_path, [row(1, 40, [5, 10, 15, 20, 25, 30, 35, 40])])
    loaded, _ = corpus(path, make_spec, batch_size=1, total_steps=8, steps_per_epoch=4)
    for epoch in (range(1, 5), range(5, 9)):
        steps = [loaded.step(number) for number in epoch]
        assert [len(step) for step in steps] == [1] * 4
        assert sorted(answers([one for step in steps for one in step])) == sorted(answers(loaded.train))
