"""An epoch, as it is really run: each pair once; and what a run refuses before its first step."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.tokenized import tokenized
from tests.training.trainer.conftest import run, run_beside
from training.core.retries import is_worth_retrying
from training.trainer.protocol import EXIT_FAILED, EXIT_FINISHED, Data, Evaluation, Measured, Step


def single(count):
    return [
        {"messages": [{"role": "user", "content": f"Say {number}"}, {"role": "assistant", "content": "North " * 3}]}
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def data(tiny_model, tmp_path_factory):
    """Caches by their number of conversations."""

    def made(count):
        return str(tokenized(single(count), tiny_model, tmp_path_factory.mktemp(f"of{count}")))

    return {count: made(count) for count in (1, 10, 65)}


def test_the_last_step_takes_what_is_left_and_steps_without_a_pair_do_nothing(data, make_spec, tmp_path):
    rest, lonely, spread = run_beside(
        make_spec(
            run_dir=str(tmp_path / "rest"), dataset_path=data[65], evaluation_share=0.0,
            batch_size=64, total_steps=4, steps_per_epoch=2,
        ),
        make_spec(
            run_dir=str(tmp_path / "lonely"), dataset_path=data[1],
            batch_size=64, total_steps=2, steps_per_epoch=1,
        ),
        make_spec(
            run_dir=str(tmp_path / "spread"), dataset_path=data[10], evaluation_share=0.3,
            batch_size=1, total_steps=20, steps_per_epoch=10,
        ),
    )  # fmt: skip
    for trainer, epochs, steps in ((rest, 2, 4), (lonely, 2, 2), (spread, 2, 14)):
        assert trainer.process.returncode == EXIT_FINISHED, trainer.output
        (told,) = trainer.of(Data)
        assert len(trainer.of(Step)) == steps
        if not told.evaluation_pairs:
            assert trainer.end.tokens == epochs * told.total_tokens
    taken = spread.of(Step)
    assert (taken[0].step, taken[-1].step, spread.end.steps) == (1, 20, 20)
    assert [event.step for event in spread.of(Evaluation)] == [10, 20]
    assert taken[-1].learning_rate < taken[0].learning_rate / 10
    folder = Path(spread.end.adapter_dir)
    metrics = json.loads((folder / "training_metrics.json").read_text())
    assert metrics["step"] == metrics["total_steps"] == 20
    assert not lonely.of(Evaluation)


def narrow(model, folder, *, positions):
    """The same model with fewer positions."""
    shutil.copytree(model, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": positions}))
    return folder


def test_what_cannot_be_trained_on_as_it_was_meant_is_refused_before_the_first_step(make_spec, tiny_model, tmp_path):
    model = narrow(tiny_model, tmp_path / "narrow", positions=128)
    expected = {"conversations": 100, "pairs": 121, "dropped": 0, "truncated": 0}
    short, other = run_beside(
        make_spec(model=str(model), run_dir=str(tmp_path / "short")),
        make_spec(expected=expected, run_dir=str(tmp_path / "other")),
    )
    for trainer, code, says in (
        (short, "too_long", "reads 128 tokens at most"),
        (other, "data_changed", "100 conversations with 121 pairs, but 100 conversations with 120 pairs are there"),
    ):
        assert trainer.process.returncode == EXIT_FAILED
        assert trainer.end.code == code
        assert says in trainer.end.message
        assert not trainer.of(Step)
        assert not Path(trainer.job_file.parent, "checkpoints").exists()
        assert not is_worth_retrying(code, steps_made=0)


def test_cut_to_what_the_model_reads_it_trains_and_its_card_has_the_same_counts(make_spec, tiny_model, tmp_path):
    model = narrow(tiny_model, tmp_path / "narrow", positions=200)
    first = run(make_spec(model=str(model), max_sequence_length=200, total_steps=2))
    assert first.process.returncode == EXIT_FINISHED, first.output
    (data,) = first.of(Data)
    assert data.truncated > 0
    assert data.conversations + data.dropped == 100
    card = (Path(first.end.adapter_dir) / "README.md").read_text()
    longest = first.of(Measured)[0].longest_sequence
    assert longest <= 200
    for row in (
        f"| Rows | {data.in_words} |",
        f"| Longer than the longest sequence | {data.truncated} (each answer with as much of its history as fits) |",
        "| Longest sequence allowed (tokens) | 200 |",
        f"| Longest sequence (tokens) | {longest} |",
        f"| Pairs trained on | {data.train_pairs} |",
        f"| Pairs held out for evaluation | {data.evaluation_pairs} |",
    ):
        assert row in card
    metrics = json.loads((Path(first.end.adapter_dir) / "training_metrics.json").read_text())
    assert metrics["data"].items() >= asdict(data).items()
    assert metrics["data"]["longest_sequence"] == longest
