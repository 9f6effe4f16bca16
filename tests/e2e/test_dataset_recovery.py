"""A data set whose worker is killed while it reads is read to its end by another."""

import json
import os
import signal
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F

from datasets import tasks
from datasets.models import Dataset
from tests.e2e.conftest import wait_for
from tests.trainer.conftest import conversations

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 60_000


def test_another_worker_reads_on_when_one_was_killed(person, start_worker, user):
    worker = start_worker("default", PIPELINE_DATASET_PROCESSES="1")
    rows = "".join(json.dumps(row) + "\n" for row in conversations(ROWS))
    person.submit("/datasets/upload", file=SimpleUploadedFile("chats.jsonl", rows.encode()), name="Many chats")
    dataset = Dataset.objects.get(user=user)
    wait_for(lambda: 0 < Dataset.objects.get(pk=dataset.pk).progress < 90, what="some progress")
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    assert Dataset.objects.get(pk=dataset.pk).status == "validating"

    start_worker("default", PIPELINE_DATASET_PROCESSES="1")
    Dataset.objects.update(heartbeat_at=F("heartbeat_at") - timedelta(seconds=61), nudged_at=None)
    tasks.sweep()
    wait_for(lambda: Dataset.objects.get(pk=dataset.pk).status == "ready", what="the data set")
    dataset.refresh_from_db()
    assert dataset.total_conversations == ROWS
    assert dataset.total_training_pairs == ROWS * 6 // 5
