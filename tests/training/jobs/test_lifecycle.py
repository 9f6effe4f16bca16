"""A job's status changes only along the table, only by who holds it, and never without a trace."""

from itertools import product
from threading import Thread

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from notifications.models import Notification
from tests.training.conftest import adapter, claim
from training.core import status
from training.jobs import lifecycle
from training.models import BaseModel, GpuType, JobMetric, TrainingJob

pytestmark = pytest.mark.django_db


def history(job):
    return [(event.from_status, event.to_status, event.attempt) for event in job.events.all()]


def in_status(job, wanted):
    TrainingJob.objects.filter(pk=job.pk).update(
        status=wanted,
        attempt=1,
        worker="w1",
        heartbeat_at=timezone.now(),
        finished_at=timezone.now() if wanted in status.FINAL else None,
    )
    job.refresh_from_db()
    return job


MOVES = {
    "initializing": lambda job: claim(job, "w2") is not None,
    "running": lambda job: lifecycle.start_running(job, device="cpu", device_name="CPU"),
    "completed": lambda job: lifecycle.complete(job, reason="done", artifact=adapter(job)),
    "failed": lambda job: lifecycle.fail(job, code="x", message="y"),
    "queued": lambda job: lifecycle.release(job, actor="sweep", reason="z"),
}


@pytest.mark.parametrize(("before", "after"), list(product(status.ALL, MOVES)))
def test_only_moves_of_the_table_happen(job, before, after):
    in_status(job, before)
    by_a_worker = after != "initializing"
    allowed = after in status.TRANSITIONS[before] and (before in status.CLAIMED or not by_a_worker)
    assert MOVES[after](job) is allowed
    job.refresh_from_db()
    assert job.status == (after if allowed else before)
    assert job.events.count() == (2 if allowed else 1)


def test_a_job_is_claimed_once(job):
    claimed = claim(job, "w1")
    assert (claimed.status, claimed.attempt, claimed.worker) == ("initializing", 1, "w1")
    assert claim(job, "w2") is None
    assert history(job) == [("", "queued", 0), ("queued", "initializing", 1)]


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_one_gets_the_job(catalogue, job):
    claims = []

    def worker(number):
        claims.append(claim(job, f"w{number}"))
        connection.close()

    threads = [Thread(target=worker, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 8
    assert sum(claim is not None for claim in claims) == 1


def test_a_worker_that_lost_its_claim_can_write_nothing(job):
    mine = claim(job, "w1")
    lifecycle.release(mine, actor="sweep", reason="silent")
    theirs = claim(job, "w2")
    assert mine.attempt == 1
    assert theirs.attempt == 2
    row = JobMetric(job=job, step=1, epoch=0.1, loss=2.0)
    assert lifecycle.record(mine, metrics=[row], current_step=5) is False
    assert lifecycle.complete(mine, reason="late", artifact=adapter(job)) is False
    assert lifecycle.fail(mine, code="x", message="late") is False
    job.refresh_from_db()
    assert (job.status, job.current_step, job.worker) == ("initializing", 0, "w2")
    assert not JobMetric.objects.exists()


def test_a_step_and_its_evaluation_share_a_row_and_a_repeated_step_replaces_it(job):
    mine = claim(job, "w1")
    step = JobMetric(job=job, step=3, epoch=0.5, loss=2.0, learning_rate=1e-4, tokens_per_second=100.0)
    evaluation = JobMetric(job=job, step=3, epoch=0.5, evaluation_loss=1.8)
    assert lifecycle.record(mine, metrics=[step, evaluation], current_step=3)
    assert lifecycle.record(mine, metrics=[JobMetric(job=job, step=3, epoch=0.5, loss=1.9)], current_step=3)
    assert list(JobMetric.objects.values_list("step", "loss", "evaluation_loss")) == [(3, 1.9, 1.8)]


def test_the_user_hears_of_the_end(job, user):
    mine = claim(job, "w1")
    lifecycle.fail(mine, code="out_of_memory", message="Too little memory. Use a smaller batch.")
    note = Notification.objects.filter(user=user).first()
    assert (note.type, note.priority) == ("job_failed", "high")
    assert "Too little memory. Use a smaller batch." in note.message
    job.refresh_from_db()
    assert (job.error_code, job.error_message) == ("out_of_memory", "Too little memory. Use a smaller batch.")
    assert job.finished_at


def test_cancelling_a_running_job_asks_its_worker(job, user):
    mine = claim(job, "w1")
    assert lifecycle.request_cancel(job, actor=user)
    job.refresh_from_db()
    assert job.status == "initializing"
    assert lifecycle.cancel_requested(mine)


@pytest.mark.parametrize(
    "bad",
    [
        {"status": "paused"},
        {"progress": 101},
        {"current_step": 751},
        {"current_epoch": 4},
        {"total_steps": 0, "current_step": 0},
        {"preset_id": "turbo"},
        {"gpu_config": {"type": "H100", "count": 9}},
        {"gpu_config": {"type": "H100"}},
        {"current_cost": -1},
        {"finished_at": timezone.now()},
        {"status": "completed"},
        {"status": "running"},
    ],
)
def test_the_database_refuses_what_cannot_be(job, bad):
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingJob.objects.filter(pk=job.pk).update(**bad)


def test_there_is_one_default_gpu_and_one_default_model():
    with pytest.raises(IntegrityError), transaction.atomic():
        GpuType.objects.update(is_default=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        BaseModel.objects.create(name="B", source="b", parameters=1, license="MIT", is_default=True)
