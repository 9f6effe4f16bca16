"""Messages never pile up: what is read again and again reminds its queue of no more than waits."""

from datetime import timedelta

import pytest
from django.utils import timezone

from datasets import tasks
from datasets.models import Dataset
from pipeline.nudges import messages_in
from tests.queues import emptied
from training.jobs import data_fits
from training.models import DataFit

pytestmark = pytest.mark.django_db
QUEUE = "datasets"
LONG_AGO = timedelta(minutes=5)


def messages():
    return messages_in(QUEUE)


@pytest.fixture(autouse=True)
def empty_queue(db):
    with emptied(QUEUE):
        yield


def test_without_a_worker_uploads_are_told_of_once_each(make_dataset):
    for _ in range(3):
        make_dataset(status="uploaded", training_ready=False)
    for _ in range(4):
        tasks.sweep()
        Dataset.objects.update(nudged_at=timezone.now() - LONG_AGO)
    assert messages() == 3


def test_without_a_worker_checks_are_told_of_once_each(dataset):
    for length in (256, 512, 1024):
        DataFit.objects.create(version=dataset.version, source="a", length=length)
    for _ in range(4):
        data_fits.sweep()
        DataFit.objects.filter(status="waiting").update(nudged_at=timezone.now() - LONG_AGO)
    assert messages() == 3


@pytest.mark.parametrize("sweep", [tasks.sweep, data_fits.sweep])
def test_a_sweep_reads_a_bounded_number(make_dataset, monkeypatch, sweep):
    monkeypatch.setattr("datasets.nudges.MOST_AT_ONCE", 2)
    monkeypatch.setattr("training.jobs.data_fits.MOST_AT_ONCE", 2)
    dataset = make_dataset()
    for length in range(5):
        DataFit.objects.create(version=dataset.version, source="a", length=256 + length)
        make_dataset(status="uploaded", training_ready=False)
    told = []
    for _ in range(4):
        sweep()
        told.append(messages())
    assert told == [2, 4, 5, 5]
