"""Messages never pile up: a queue holds at most one for each job that waits for it."""

import pytest
from celery import current_app
from django.db.models import F

from pipeline.nudges import AGAIN_AFTER, messages_in
from tests.queues import emptied
from training import tasks
from training.jobs import nudges
from training.models import GpuType, TrainingJob

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "gpu.h100"


def messages():
    return messages_in(QUEUE)


@pytest.fixture(autouse=True)
def empty_queue(catalogue):
    with emptied(QUEUE):
        yield


def as_if_told_long_ago():
    TrainingJob.objects.update(nudged_at=F("nudged_at") - 2 * AGAIN_AFTER)


def test_without_a_consumer_the_sweep_adds_nothing_however_often_it_comes(make_job):
    for _ in range(3):
        make_job()
    assert messages() == 3
    for _ in range(5):
        as_if_told_long_ago()
        tasks.sweep()
    assert messages() == 3


def test_what_the_broker_lost_is_sent_again(make_job, empty_queue):
    make_job()
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge(QUEUE)
    tasks.sweep()
    assert messages() == 0  # told just now
    as_if_told_long_ago()
    tasks.sweep()
    assert messages() == 1


def test_jobs_that_were_cancelled_leave_no_room_for_more(make_job, user):
    for _ in range(4):
        job = make_job()
        TrainingJob.objects.filter(pk=job.pk).delete()
    make_job()
    assert messages() <= 4
    as_if_told_long_ago()
    tasks.sweep()
    assert messages() <= 4


def test_much_that_was_lost_is_sent_again_little_by_little_and_each_once(make_job, monkeypatch):
    monkeypatch.setattr(nudges, "MOST_AT_ONCE", 2)
    for _ in range(5):
        make_job()
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge(QUEUE)
    as_if_told_long_ago()
    sent = []
    for _ in range(4):
        tasks.sweep()
        sent.append(messages())
    assert sent == [2, 4, 5, 5]


def test_of_another_gpu_type_nothing_is_held_up(make_job, monkeypatch):
    monkeypatch.setattr(nudges, "MOST_AT_ONCE", 1)
    other = GpuType.objects.get(name="A100-80GB")
    for _ in range(3):
        make_job()
    job = make_job(gpu_type=other)
    TrainingJob.objects.filter(pk=job.pk).update(nudged_at=None)
    as_if_told_long_ago()
    tasks.sweep()
    assert TrainingJob.objects.get(pk=job.pk).nudged_at
