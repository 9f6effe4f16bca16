"""What the sweep repairs, and what becomes of attempts that end badly."""

from datetime import timedelta

import pytest
from django.db.models import F

from tests.training.conftest import adapter, claim
from training import tasks
from training.core.retries import is_worth_retrying, retry_delay
from training.jobs import lifecycle, recovery
from training.models import IdempotencyKey, JobMetric, TrainingJob

pytestmark = pytest.mark.django_db


def silence(job, seconds):
    TrainingJob.objects.filter(pk=job.pk).update(heartbeat_at=F("heartbeat_at") - timedelta(seconds=seconds))


def let_wait_be_over(job):
    TrainingJob.objects.filter(pk=job.pk).update(available_at=F("available_at") - timedelta(hours=1))


def test_the_sweep_returns_a_job_whose_worker_fell_silent(job):
    claim(job)
    silence(job, 50)
    tasks.sweep()
    job.refresh_from_db()
    assert job.status == "initializing"
    silence(job, 11)
    tasks.sweep()
    job.refresh_from_db()
    assert (job.status, job.attempt, job.crashes) == ("queued", 1, 1)
    event = job.events.last()
    assert event.actor == "sweep"
    assert "Worker w1 was not heard of" in event.reason
    assert "Trying again in 5 s (failure 1 of 3)" in event.reason


def test_a_job_comes_back_after_growing_delays_and_three_failures_are_the_end(job):
    for number, delay in ((1, 5), (2, 30)):
        claim(job, f"w{number}")
        silence(job, 61)
        tasks.sweep()
        job.refresh_from_db()
        assert job.available_at - job.queued_at == timedelta(seconds=delay)
        assert claim(job) is None
        let_wait_be_over(job)
    claim(job, "w3")
    silence(job, 61)
    tasks.sweep()
    job.refresh_from_db()
    assert (job.status, job.error_code, job.crashes, job.attempt) == ("failed", "worker_lost", 3, 3)
    assert "retry the job: it continues from its last checkpoint" in job.error_message


def test_a_worker_heard_of_after_the_sweep_looked_keeps_its_job(job):
    mine = claim(job)
    silence(job, 61)
    seen = TrainingJob.objects.get(pk=job.pk)
    assert lifecycle.record(mine, metrics=[])
    assert recovery.recover(seen, silence=timedelta(seconds=60), actor="sweep") is False
    job.refresh_from_db()
    assert job.status == "initializing"


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled(job, user):
    claim(job)
    lifecycle.request_cancel(job, actor=user)
    silence(job, 61)
    tasks.sweep()
    job.refresh_from_db()
    assert job.status == "cancelled"


def test_the_sweep_sends_a_lost_message_again_but_not_at_every_turn(job):
    old = {"queued_at": F("queued_at") - timedelta(minutes=5), "available_at": F("available_at") - timedelta(minutes=5)}
    TrainingJob.objects.filter(pk=job.pk).update(**old, nudged_at=None)
    tasks.sweep()
    first = TrainingJob.objects.get(pk=job.pk).nudged_at
    assert first
    tasks.sweep()
    assert TrainingJob.objects.get(pk=job.pk).nudged_at == first


def test_a_job_that_was_held_back_is_announced_when_its_time_has_come(job):
    mine = claim(job)
    lifecycle.release(mine, actor="w1", reason="later", delay=60)
    tasks.sweep()
    assert TrainingJob.objects.get(pk=job.pk).nudged_at is None
    TrainingJob.objects.filter(pk=job.pk).update(available_at=F("queued_at"))
    tasks.sweep()
    assert TrainingJob.objects.get(pk=job.pk).nudged_at


@pytest.mark.parametrize(
    ("code", "steps", "again"),
    [
        ("killed", 0, True),
        ("crashed", 5, True),
        ("worker_error", 0, True),
        ("out_of_memory", 0, False),
        ("out_of_memory", 1, True),
        ("model_not_found", 0, False),
        ("diverged", 100, False),
        ("data_invalid", 0, False),
        ("not_enough_gpus", 0, False),
    ],
)
def test_only_what_may_end_otherwise_is_tried_again(job, code, steps, again):
    assert is_worth_retrying(code, steps_made=steps) is again
    mine = claim(job)
    assert recovery.end_badly(mine, code=code, message="It broke.", steps_made=steps)
    job.refresh_from_db()
    assert job.status == ("queued" if again else "failed")
    assert job.error_message == ("" if again else "It broke.")


def test_delays_grow():
    assert [retry_delay(crashes, first=5) for crashes in (1, 2, 3)] == [5, 30, 180]


def test_an_attempt_begins_at_the_checkpoint_and_forgets_what_came_after_it(job):
    mine = claim(job)
    rows = [JobMetric(job=job, step=step, epoch=0.1, loss=2.0) for step in (1, 2, 3)]
    lifecycle.record(mine, metrics=rows, current_step=3, checkpoint_step=2, progress=1)
    lifecycle.release(mine, actor="sweep", reason="silent")
    again = claim(job, "w2")
    assert (again.current_step, again.checkpoint_step) == (2, 2)
    lifecycle.record(again, metrics=[], rewind_to=2)
    assert list(JobMetric.objects.values_list("step", flat=True)) == [1, 2]


def test_workers_take_the_job_that_waited_longest_and_only_of_their_gpu(make_job):
    first, second = make_job(), make_job()
    on_h100 = TrainingJob.objects.on_gpus(["H100"])
    assert lifecycle.claim(TrainingJob.objects.on_gpus(["V100-32GB"]), worker="w1") is None
    assert lifecycle.claim(on_h100, worker="w1") == first
    assert lifecycle.claim(on_h100, worker="w2") == second
    assert lifecycle.claim(on_h100, worker="w3") is None


def test_keys_are_forgotten_after_a_day(job, user):
    IdempotencyKey.objects.create(user=user, key="k", digest="d", job=job)
    tasks.sweep()
    assert IdempotencyKey.objects.exists()
    IdempotencyKey.objects.update(created_at=F("created_at") - timedelta(hours=24))
    tasks.sweep()
    assert not IdempotencyKey.objects.exists()


def test_runs_are_kept_to_be_continued_but_not_for_ever(make_job, settings, tmp_path):
    settings.RUNS_DIR = tmp_path
    active, done, fresh, old = make_job(), make_job(), make_job(), make_job()
    for job in (active, done, fresh, old):
        (tmp_path / str(job.pk)).mkdir()
    (tmp_path / "trainers.jsonl").touch()
    for job in (done, fresh, old):
        lifecycle.record(claim(job), metrics=[], checkpoint_step=3)
    mine = TrainingJob.objects.get(pk=done.pk)
    lifecycle.start_running(mine, device="cpu", device_name="CPU")
    lifecycle.complete(mine, reason="done", artifact=adapter(done))
    for job in (fresh, old):
        lifecycle.fail(TrainingJob.objects.get(pk=job.pk), code="crashed", message="It crashed.")
    TrainingJob.objects.filter(pk=old.pk).update(finished_at=F("finished_at") - timedelta(days=30))
    tasks.prune()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {str(active.pk), str(fresh.pk), "trainers.jsonl"}
    assert TrainingJob.objects.get(pk=fresh.pk).checkpoint_step == 3
    assert TrainingJob.objects.get(pk=old.pk).checkpoint_step is None
