"""A dry run and then the whole, with a real worker: what was measured is kept and shown."""

import pytest

from tests.e2e.conftest import job_body, wait_for_status
from training.models import RunMeasurement

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_dry_run_measures_and_the_whole_run_is_one_click_away(person, ready, start_worker):
    start_worker("gpu")
    status, answer = person.api("POST", "/api/jobs", job_body(ready) | {"probe": True, "micro_batch_size": 2})
    assert status == 201, answer
    probe_id = answer["data"]["id"]
    probe = wait_for_status(probe_id, "completed", "failed")
    assert probe.status == "completed", probe.log_tail
    assert not probe.artifacts.exists()
    measured = RunMeasurement.objects.get(job=probe)
    assert measured.is_probe
    assert measured.steps == probe.total_steps
    assert measured.tokens_per_second > 0
    assert measured.micro_batch_size == 2
    assert measured.peak_memory_bytes > 10**7
    assert measured.hardware == probe.device_name  # a CPU, whatever was chosen

    page = person.page(f"/training/configure?probe={probe_id}")
    assert "This was not on the chosen" in page
    assert "On this CPU the whole run would take about" in page

    status, answer = person.api("POST", "/api/jobs", job_body(ready) | {"micro_batch_size": 2})
    job = wait_for_status(answer["data"]["id"], "completed", "failed")
    assert job.status == "completed", job.log_tail
    whole = RunMeasurement.objects.get(job=job)
    assert whole.is_whole
    assert whole.predicted_hours is not None  # from the dry run, on the same CPU
    assert whole.evaluation_seconds > 0
    assert "Estimate against actual" in person.page(f"/training/jobs/{job.pk}")
    assert "on another device, such as a CPU" in person.page("/training/accuracy")
