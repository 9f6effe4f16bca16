"""A job's page: where it stands, what it costs on what, what it was estimated from, what it took."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from tests.training.measured import record, start
from training.jobs.waiting import Waiting
from training.models import Artifact, RunPlan, TrainingJob, Worker
from training.web.monitor import epoch, expected_start

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"

pytestmark = pytest.mark.django_db


def page_of(client, job):
    """The page's words, without its tags."""
    answer = client.get(f"/training/jobs/{job.pk}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize(
    ("status", "step", "shown"),
    [
        ("queued", 0, None),
        ("initializing", 0, None),
        ("running", 0, 1),
        ("running", 124, 1),
        ("running", 125, 2),
        ("running", 251, 3),
        ("running", 374, 3),
        ("running", 375, 3),
        ("completed", 375, 3),
        ("cancelled", 125, 1),
        ("cancelled", 126, 2),
        ("failed", 0, None),
        ("failed", 300, 3),
        ("queued", 300, 3),
    ],
)
def test_the_epoch_is_the_one_that_is_being_trained(status, step, shown):
    job = TrainingJob(status=status, total_steps=375, total_epochs=3)
    for name, value in job.progress_after(step).items():
        setattr(job, name, value)
    assert epoch(job) == shown


@pytest.mark.parametrize(("steps", "epochs"), [(1, 1), (3, 3), (7, 3), (20, 1), (375, 3), (5, 20)])
def test_epochs_are_counted_from_one_to_all_and_never_back(steps, epochs):
    job = TrainingJob(status="running", total_steps=steps, total_epochs=epochs)
    shown = []
    for job.current_step in range(steps + 1):
        shown.append(epoch(job))
    assert shown[-1] == epochs
    assert shown[0] >= 1
    assert all(later >= earlier for earlier, later in pairwise(shown))


def test_the_third_of_three_epochs_is_shown_as_such_and_the_api_counts_those_done(signed_in, api, put_job):
    job = put_job("running", total_steps=30)
    TrainingJob.objects.filter(pk=job.pk).update(total_epochs=3, current_step=25, current_epoch=2, progress=83)
    assert "Step 25 of 30 · epoch 3 of 3" in page_of(signed_in, job)
    assert api.get(f"/api/jobs/{job.pk}").json()["data"]["current_epoch"] == 2


def test_a_cpu_that_stands_in_is_free_beside_the_gpus_rate(signed_in, put_job, settings):
    job = put_job("running", gpu="H100")
    rate = {"hourly_rate": "33.60", "estimated_total_cost": "17.30"}
    config = {"gpu_config": {"type": "H100", "count": 8}}
    TrainingJob.objects.filter(pk=job.pk).update(device="cpu", device_name="AMD EPYC", **rate, **config)
    page = page_of(signed_in, job)
    for wanted in (
        "8 × H100 $33.60/hr",
        "This CPU Free",
        "AMD EPYC stands in and costs nothing.",
        "8 × H100 would have cost an estimated $17.30.",
    ):
        assert wanted in page, wanted
    settings.CPU_HOURLY_RATE = 0.25
    page = page_of(signed_in, job)
    assert "This CPU $0.25/hr" in page
    assert "costs nothing" not in page


@pytest.mark.parametrize(
    ("basis", "runs", "words"),
    [
        ("list", 0, "List figures"),
        ("architecture", 0, "The model&#x27;s architecture"),
        ("measured", 1, "1 measured run"),
        ("measured", 12, "12 measured runs"),
    ],
)
def test_a_job_says_what_it_was_estimated_from(signed_in, user, dataset, basis, runs, words):
    job = start(user, dataset)
    figures = {"duration_hours": 0.5, "overhead_seconds": 1788, "low_hours": 0.4, "high_hours": 0.75}
    RunPlan.objects.filter(job=job).update(basis=basis, basis_runs=runs, tokens_per_second=17600, **figures)
    page = page_of(signed_in, job)
    for wanted in (
        f"Estimated from {words} Duration 30.0 min",
        "8 in 10 runs take 24.0 min to 45.0 min",
        "Training alone 12 s",
        "Starting, evaluating, saving 29.8 min",
        "17,600 tok/s",
    ):
        assert wanted in page, wanted
    record(job)
    TrainingJob.objects.filter(pk=job.pk).update(status="completed", finished_at=timezone.now())
    page = page_of(signed_in, job)
    assert f"Estimated from {words}" in page
    assert "12.5 min of training, 2.7 min around it: 1.0 min to start, 1.5 min to evaluate, 10 s to save." in page


def test_a_finished_run_on_a_cpu_is_held_against_no_gpus_estimate(signed_in, user, dataset):
    jobs = [start(user, dataset) for _ in range(2)]
    for job in jobs:
        record(job, device="cpu", device_name="AMD EPYC", cost="0")
        TrainingJob.objects.filter(pk=job.pk).update(status="completed", finished_at=timezone.now())
    first, second = (page_of(signed_in, job) for job in jobs)
    assert "It ran on AMD EPYC, for which there was no estimate." in first
    assert "Estimated from earlier runs on AMD EPYC, where it ran; this says nothing about the H100." in second


@pytest.fixture
def busy(put_job):
    """The only worker for H100s, at work for ten minutes more."""
    now = timezone.now()
    Worker.objects.create(
        name="w1", host="host", device="cuda", gpu_count=4, queues=["gpu.h100"], base_models=[MODEL], started_at=now,
        last_seen_at=now,
    )  # fmt: skip
    put_job("running", worker="w1", expected_finish_at=now + timedelta(minutes=10))


def test_a_queued_job_shows_when_it_will_start_and_links_to_ones_own_jobs_ahead(
    signed_in, user, other_user, dataset, busy
):
    mine, others, last = start(user, dataset), start(other_user, dataset), start(user, dataset)
    answer = signed_in.get(f"/training/jobs/{last.pk}").content.decode()
    page = page_of(signed_in, last)
    assert re.search(r"Expected to start between [^.]*\d\d:\d\d and [^.]*\d\d:\d\d\.", page)
    assert "2 jobs ahead; yours: Support chats" in page
    assert f'href="/training/jobs/{mine.pk}"' in answer
    assert f"/training/jobs/{others.pk}" not in answer


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (None, None, ""),
        (-5, -1, "now"),
        (-5, 40, "between now and 14:40"),
        (5, 40, "between 14:05 and 14:40"),
        (5, 5, "at about 14:05"),
        (5, 24 * 60, "between 14:05 and 4 Oct, 14:00"),
    ],
)
def test_an_expected_start_is_said_with_its_doubt(monkeypatch, low, high, words):
    now = timezone.make_aware(timezone.datetime(2025, 10, 3, 14, 0))
    monkeypatch.setattr(timezone, "now", lambda: now)
    low, high = (None if minutes is None else now + timedelta(minutes=minutes) for minutes in (low, high))
    place = Waiting(position=1, reason="", expected_start_low=low, expected_start_at=low, expected_start_high=high)
    assert expected_start(place) == words


def test_a_finished_job_leads_with_its_result(signed_in, put_job):
    now = timezone.now()
    job = put_job("completed", started_at=now - timedelta(minutes=3), current_cost="3.50", progress=100)
    figures = {"loss": 1.25, "evaluation_loss": 1.5}
    TrainingJob.objects.filter(pk=job.pk).update(current_metrics=figures, estimated_total_cost="4.32")
    row = Artifact(job=job, user=job.user, file="adapters/a.zip", file_name="chats-1.zip", size=2048, sha256="0" * 64)
    row.save()
    page = page_of(signed_in, job)
    result = page[page.index("The adapter is ready") : page.index("Progress")]
    for wanted in ("1.5000", "1.2500", "$3.50", "estimated $4.32", "3 min 0 s", "Download adapter", "chats-1.zip"):
        assert wanted in result, wanted
    assert 'AutoPeftModelForCausalLM.from_pretrained("chats-1")' in result


@pytest.mark.parametrize("status", ["queued", "running", "failed", "cancelled"])
def test_a_job_without_a_result_does_not(signed_in, put_job, status):
    page = page_of(signed_in, put_job(status))
    assert "How to load it" not in page
    assert "Evaluation loss" not in page
