"""A waiting job says what it waits for, where it stands and when it will start; a running one how long it will take."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.training.conftest import claim
from training.core.queue import expected_wait
from training.jobs import lifecycle
from training.models import TrainingJob, Worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def add_worker(db):
    def add(name="gpu@host", **changes):
        now = timezone.now()
        values = {"name": name, "host": "host", "device": "cuda", "gpu_count": 4, "queues": ["gpu.h100"]} | changes
        return Worker.objects.create(**{"started_at": now, "last_seen_at": now} | values)

    return add


def waiting(api, job):
    return api.get(f"/api/jobs/{job.pk}").json()["data"]["waiting"]


def test_without_a_worker_of_its_kind_the_job_says_so(api, signed_in, job, add_worker):
    add_worker(queues=["gpu.a100-80gb"])
    add_worker("old@host", last_seen_at=timezone.now() - timedelta(minutes=5))
    assert waiting(api, job)["reason"] == "Waiting for an H100 worker: none is connected."
    assert (
        "Waiting for an H100 worker: none is connected." in signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    )


def test_workers_that_are_too_small_are_named(api, make_job, add_worker):
    add_worker(gpu_count=2)
    assert waiting(api, make_job(gpu_count=4))["reason"] == "Waiting for a worker with 4 × H100: the largest has 2."


def test_a_cpu_stands_in_for_any_number_of_gpus(api, make_job, add_worker):
    add_worker(device="cpu", gpu_count=0)
    assert waiting(api, make_job(gpu_count=8))["reason"] == "Starting within moments."


def test_the_next_job_starts_when_the_busy_worker_is_done(api, make_job, add_worker):
    add_worker("w1")
    running, second, third = make_job(), make_job(), make_job()
    mine = claim(running, "w1")
    end = timezone.now() + timedelta(minutes=10)
    lifecycle.record(mine, metrics=[], expected_finish_at=end)
    said = waiting(api, second)
    assert said["reason"] == "Number 1 in the queue for H100. All workers of its kind are busy."
    assert abs(timezone.datetime.fromisoformat(said["expected_start_at"]) - end) < timedelta(seconds=5)
    after = waiting(api, third)
    assert after["position"] == 2
    hours = (float(second.estimated_total_cost) - 0.5) / float(second.hourly_rate)
    start = timezone.datetime.fromisoformat(after["expected_start_at"])
    assert abs(start - end - timedelta(hours=hours)) < timedelta(seconds=5)


def test_what_nobody_knows_is_not_made_up(api, make_job, add_worker):
    add_worker("w1")
    running, second = make_job(), make_job()
    claim(running, "w1")
    assert waiting(api, second)["expected_start_at"] is None


def test_a_job_that_is_held_back_says_until_when(api, job, add_worker):
    add_worker()
    lifecycle.release(claim(job), actor="sweep", reason="It broke.", delay=30)
    said = waiting(api, job)
    assert "tried again" in said["reason"]
    assert said["expected_start_at"] == api.get(f"/api/jobs/{job.pk}").json()["data"]["available_at"]


def test_a_running_job_waits_for_nothing_and_shows_the_time_left(api, signed_in, job):
    mine = claim(job)
    lifecycle.record(mine, metrics=[], expected_finish_at=timezone.now() + timedelta(minutes=12, seconds=5))
    assert waiting(api, job) is None
    assert "12 min" in signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    assert TrainingJob.objects.get(pk=job.pk).expected_finish_at


@pytest.mark.parametrize(
    ("free_in", "ahead", "wait"),
    [
        ([], [], None),
        ([0.0], [], 0.0),
        ([60.0], [], 60.0),
        ([60.0, 10.0], [100.0], 60.0),
        ([60.0, 10.0], [20.0, 5.0], 35.0),
        ([None, 10.0], [], 10.0),
        ([None, 10.0], [None], None),
        ([None, None], [], None),
        ([0.0, 0.0], [None], 0.0),
    ],
)
def test_expected_waits(free_in, ahead, wait):
    assert expected_wait(free_in, ahead) == wait
