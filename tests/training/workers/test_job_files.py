"""What a trainer is told: the same rules that estimates reckon with."""

import pytest

from datasets.held_out import MOST_HELD_OUT
from training.core.hyperparameters import LIMITS
from training.core.memory import TOKENS_AT_ONCE
from training.trainer.protocol import JobSpec
from training.workers import data, host, job_files

pytestmark = pytest.mark.django_db


@pytest.fixture
def spec(job, settings, tmp_path, monkeypatch):
    settings.RUNS_DIR = tmp_path
    handed = {
        "dataset_path": "", "dataset_name": "d", "dataset_format": "openai_chat", "dataset_sha256": "",
        "evaluation_path": "", "evaluation_share": 0.05, "split_seed": 42, "max_sequence_length": 2048,
    }  # fmt: skip
    monkeypatch.setattr(data, "hand_over", lambda *_, **__: handed)
    file = job_files.write(job, {"cuda": 1.5}, is_wanted=lambda: True)
    return JobSpec.from_json(file.read_text())


def test_it_has_every_hyperparameter_by_name(job, spec):
    assert spec.hyperparameters == job.hyperparameters
    assert spec.hyperparameters.keys() == LIMITS.keys()


def test_memory_is_predicted_for_as_many_tokens_as_the_trainer_takes_at_once(spec):
    assert spec.tokens_at_once == TOKENS_AT_ONCE


def test_as_many_pairs_are_held_out_as_the_page_says(spec):
    assert spec.most_held_out == MOST_HELD_OUT


def test_a_cpu_is_called_what_its_worker_calls_it(spec):
    assert spec.cpu_name == host.cpu_name()


def test_the_lease_ends_before_another_worker_may_take_the_job(spec, settings):
    assert 0 < spec.lease_seconds < settings.WORKER_SILENCE_SECONDS
