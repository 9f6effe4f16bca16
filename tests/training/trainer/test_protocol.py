"""Events and job files survive the way through text."""

import json
from dataclasses import replace

import pytest

from training.trainer.protocol import Failed, Finished, JobSpec, Step, Stopped, decode, encode


@pytest.mark.parametrize(
    "event",
    [
        Step(step=1, epoch=0.1, loss=2.5, learning_rate=1e-4, gradient_norm=0.3, tokens_per_second=99.0),
        Failed(code="out_of_memory", message="Too big\nby far", detail="“…”", figures={"step": 3.0}),
        Stopped(step=0, reason="budget", adapter_dir=None),
        Finished(
            adapter_dir="/a", steps=1, seconds=2.0, tokens=3, final_loss=1.0, evaluation_loss=None, peak_memory_bytes=4
        ),
    ],
)
def test_an_event_is_one_line_and_comes_back_equal(event):
    line = encode(event)
    assert "\n" not in line
    assert decode(line) == event


@pytest.mark.parametrize("line", ["", "Loading…", "{", "[]", "1", "null", '{"kind": "step"}', '{"kind": "dance"}'])
def test_anything_else_is_log_text(line):
    assert decode(line) is None


def test_a_job_file_comes_back_equal(make_spec):
    spec = make_spec(deadlines={"cuda": 1.5}, micro_batch_size=2)
    assert JobSpec.from_json(spec.to_json()) == spec


def test_a_hyperparameter_that_the_protocol_has_never_heard_of_comes_through(make_spec):
    spec = make_spec()
    spec = replace(spec, hyperparameters=spec.hyperparameters | {"weight_decay": 0.01})
    assert JobSpec.from_json(spec.to_json()) == spec


def test_a_job_file_with_unknown_entries_is_refused_by_name(make_spec):
    values = json.loads(make_spec().to_json())
    with pytest.raises(ValueError, match="colour"):
        JobSpec.from_json(json.dumps(values | {"colour": 1}))


@pytest.mark.parametrize("name", ["hyperparameters", "tokens_at_once", "most_held_out", "split_seed", "cpu_name"])
def test_a_job_file_that_lacks_an_entry_is_refused_by_name(make_spec, name):
    values = json.loads(make_spec().to_json())
    del values[name]
    with pytest.raises(ValueError, match=name):
        JobSpec.from_json(json.dumps(values))
