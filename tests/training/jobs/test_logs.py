"""A job's log stands apart from its row, grows at its end, and keeps its last lines."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.training.conftest import claim
from training.jobs import lifecycle
from training.jobs.waiting import waiting
from training.models import JobLog, TrainingJob

pytestmark = pytest.mark.django_db

KEPT = JobLog.KEPT_LINES


@pytest.mark.parametrize(
    "sizes", [[1] * 10, [3] * 100, [1] * (2 * KEPT + 20), [KEPT + 50], [150, 1, KEPT, 2], [1, 500, 1]]
)
def test_the_last_lines_are_kept_however_they_came(job, sizes):
    mine = claim(job)
    lines = [f"line {number}" for number in range(sum(sizes))]
    at = 0
    for size in sizes:
        assert lifecycle.record(mine, log=lines[at : at + size])
        at += size
    assert job.log_tail.split("\n") == lines[-KEPT:]
    assert JobLog.objects.filter(job=job).count() <= 2 * KEPT + 1


def test_a_job_without_a_log_has_an_empty_tail(job):
    assert job.log_tail == ""


def test_lines_of_a_lost_claim_are_not_written(job):
    mine = claim(job)
    TrainingJob.objects.filter(pk=job.pk).update(attempt=2)
    assert not lifecycle.record(mine, log=["stale"])
    assert job.log_tail == ""


@pytest.mark.parametrize("path", ["/training/jobs", "/api/jobs"])
def test_lists_and_waiting_load_no_log(signed_in, job, path):
    lifecycle.record(claim(job), log=["x"])
    with CaptureQueriesContext(connection) as captured:
        assert signed_in.get(path).status_code == 200
        waiting(job)
    assert not any("lora_job_logs" in query["sql"] for query in captured.captured_queries)


def test_the_page_and_the_api_show_it(signed_in, job):
    lifecycle.record(claim(job), log=["one", "two"])
    assert "one\ntwo" in signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    assert signed_in.get(f"/api/jobs/{job.pk}").json()["data"]["log_tail"] == "one\ntwo"
