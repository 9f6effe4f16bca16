"""Whatever dies, the job goes on: real workers and trainers, killed, frozen, stopped and out of money."""

import io
import json
import os
import signal
import time
import zipfile
from pathlib import Path

import pytest

from datasets.models import Dataset
from tests.e2e.conftest import trainer_of, wait_for, wait_for_status
from training import tasks
from training.models import JobMetric, TrainingJob

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = {
    "PIPELINE_WORKER_SILENCE_SECONDS": "5",
    "PIPELINE_RETRY_DELAY_SECONDS": "0.1",
    "PIPELINE_CHECKPOINT_SECONDS": "0.5",
}


def fresh(job):
    return TrainingJob.objects.get(pk=job.pk)


def is_past(job, step):
    return fresh(job).current_step > step


def sweep_until(question, settings, *, what):
    """Do what beat would: sweep once a second."""
    settings.WORKER_SILENCE_SECONDS, settings.RETRY_DELAY_SECONDS = 5.0, 0.1

    def swept():
        tasks.sweep()
        time.sleep(0.5)
        return question()

    return wait_for(swept, what=what)


@pytest.fixture
def running(person, ready, start_worker, start_job):
    """A job of some hundred steps at work, with a checkpoint, and its worker; each step has a pair of its own."""
    Dataset.objects.filter(pk=ready.pk).update(evaluation_share=0)
    worker = start_worker("gpu", **QUICK)
    job_id = start_job(ready, batch_size=1, epochs=4)
    wait_for(lambda: TrainingJob.objects.get(pk=job_id).checkpoint_step, what="the first checkpoint")
    return TrainingJob.objects.get(pk=job_id), worker


def assert_is_whole(job):
    """Completed, with each step recorded once."""
    assert job.status == "completed", job.log_tail
    steps = list(JobMetric.objects.filter(job=job).values_list("step", flat=True))
    assert steps == list(range(1, job.total_steps + 1))
    assert (job.progress, job.current_step) == (100, job.total_steps)


def test_another_worker_finishes_the_job_of_one_that_was_killed(running, start_worker, settings):
    job, worker = running
    worker.process.kill()
    wait_for(lambda: trainer_of(job) is None, seconds=10, what="the trainer's end")
    start_worker("gpu", **QUICK)
    job = sweep_until(lambda: fresh(job).status == "completed" and fresh(job), settings, what="completion")
    assert_is_whole(job)
    assert (job.attempt, job.crashes) == (2, 1)
    assert "Continuing after step" in job.log_tail
    reasons = [event.reason for event in job.events.all()]
    assert any("was not heard of since" in reason for reason in reasons)


def test_a_frozen_worker_loses_its_trainer_and_its_job_and_then_writes_nothing(running, start_worker, settings):
    job, worker = running
    os.kill(worker.process.pid, signal.SIGSTOP)
    try:
        wait_for(lambda: trainer_of(job) is None, seconds=10, what="the end of the lease")
        assert fresh(job).status == "running"  # nobody had noticed yet: the trainer died first
        start_worker("gpu", **QUICK)
        job = sweep_until(lambda: fresh(job).attempt == 2 and fresh(job), settings, what="the second attempt")
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)
    job = wait_for_status(job.pk, "completed", "failed")
    assert_is_whole(job)
    assert "lost its claim and walks away" in worker.log.read_text()
    assert {event.attempt for event in job.events.all()} == {0, 1, 2}


def test_a_killed_trainer_is_started_again_and_continues(running, settings, environment):
    job, _ = running
    os.kill(trainer_of(job), signal.SIGKILL)
    job = sweep_until(lambda: fresh(job).status == "completed" and fresh(job), settings, what="completion")
    assert_is_whole(job)
    assert (job.attempt, job.crashes) == (2, 1)
    journal = Path(environment["PIPELINE_VAR"], "runs", "trainers.jsonl").read_text().splitlines()
    mine = [line for line in map(json.loads, journal) if line["job"] == str(job.pk)]
    assert [(line["event"], line["attempt"]) for line in mine] == [("start", 1), ("start", 2), ("end", 2)]
    assert all(line["exclusive"] for line in mine)


def test_what_a_cancelled_job_had_learned_can_be_downloaded_and_continued(running, person):
    job, _ = running
    status, _ = person.api("POST", f"/api/jobs/{job.pk}/cancel")
    assert status == 200
    job = wait_for_status(job.pk, "cancelled")
    assert trainer_of(job) is None
    assert 0 < job.current_step < job.total_steps
    assert job.checkpoint_step == job.current_step
    with zipfile.ZipFile(io.BytesIO(person.get(f"/api/jobs/{job.pk}/adapter"))) as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
        (card,) = [archive.read(name).decode() for name in archive.namelist() if name.endswith("README.md")]
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json"} <= names
    assert f"{job.current_step}" in card
    page = person.page(f"/training/jobs/{job.pk}")
    assert "Download partial adapter" in page
    assert "Continue training" in page

    status, answer = person.api("POST", f"/api/jobs/{job.pk}/retry", {})
    assert status == 200, answer
    assert_is_whole(wait_for_status(job.pk, "completed", "failed"))


def test_a_budget_stops_the_run_before_it_costs_more(person, ready, start_worker, start_job):
    rate = 360  # US dollars an hour: ten cents a second
    start_worker("gpu", PIPELINE_CPU_HOURLY_RATE=str(rate), **QUICK)
    job_id = start_job(ready, batch_size=1, epochs=20, max_cost=2.5)
    job = wait_for_status(job_id, "cancelled", "completed", "failed")
    assert (job.status, job.error_code) == ("cancelled", "budget_reached")
    assert "budget of $2.50 is spent" in job.error_message
    assert 1.0 < float(job.current_cost) <= 2.5
    assert job.checkpoint_step == job.current_step > 0
    assert job.adapter.kind == "partial"
    status, answer = person.api("POST", f"/api/jobs/{job.pk}/retry", {})
    assert (status, "Give a higher max_cost" in answer["details"]) == (409, True)
