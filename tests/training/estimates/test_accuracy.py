"""Estimates held to account: on the job, on the accuracy page, by the command."""

from io import StringIO

import pytest
from django.core.management import call_command

from tests.training.measured import GIB, record, start
from training.core.accuracy import relative_error
from training.models import RunMeasurement

pytestmark = pytest.mark.django_db

URL = "/training/accuracy"


def text(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def job(user, dataset):
    return start(user, dataset)


@pytest.fixture
def finished(job):
    record(job)
    type(job).objects.filter(pk=job.pk).update(
        status="completed", finished_at=job.created_at, started_at=job.created_at, current_cost="1.20"
    )
    job.refresh_from_db()
    return job


def test_a_finished_run_keeps_predicted_and_actual(finished):
    row, plan = finished.measurement, finished.plan
    assert row.hardware == row.gpu_type == "H100"
    assert row.predicted_hours == plan.duration_hours
    assert row.predicted_cost == float(finished.estimated_total_cost)
    assert row.predicted_peak_bytes == plan.peak_bytes
    assert row.hours == pytest.approx((750 + 60 + 90 + 10) / 3600)
    assert row.list_tokens_per_second == 2200
    assert row.is_whole


def test_a_resumed_run_measures_speed_but_is_compared_with_nothing(job):
    row = record(job, steps=300)
    assert not row.is_whole
    assert not RunMeasurement.objects.comparable()


def test_a_retried_run_replaces_what_it_had_measured(job):
    record(job, tokens_per_second=500.0)
    record(job, tokens_per_second=900.0)
    assert RunMeasurement.objects.get().tokens_per_second == 900.0


def test_a_run_on_a_cpu_is_compared_from_the_second_on(user, dataset):
    first = record(start(user, dataset), device="cpu", device_name="CPU (AMD EPYC)", cost="0")
    second = record(start(user, dataset), device="cpu", device_name="CPU (AMD EPYC)", cost="0")
    assert first.hardware == second.hardware == "CPU (AMD EPYC)"
    assert first.predicted_hours is None
    assert second.predicted_hours == pytest.approx(second.hours, rel=0.3)
    assert second.predicted_cost is None


def test_a_gpu_that_is_not_the_chosen_one_counts_for_itself(job):
    row = record(job, device_name="NVIDIA A100-SXM4-80GB")
    assert row.hardware == "NVIDIA A100-SXM4-80GB"
    assert row.predicted_hours is None


def test_a_finished_job_shows_estimate_against_actual(signed_in, finished):
    page = text(signed_in.get(f"/training/jobs/{finished.pk}"))
    assert "Estimate against actual" in page
    assert "4.5 GiB" in page  # what PyTorch held, and CUDA's own
    assert "15.2 min" in page


def test_the_api_shows_a_jobs_plan_and_what_it_measured(api, finished):
    data = api.get(f"/api/jobs/{finished.pk}").json()["data"]
    assert data["plan"]["basis"] == "list"
    assert data["plan"]["price_per_hour"] == 4.2
    assert data["measurement"]["tokens_per_second"] == 900.0
    assert data["measurement"]["predicted_hours"] == data["plan"]["duration_hours"]


def test_a_job_that_is_not_done_has_measured_nothing(api, job):
    assert api.get(f"/api/jobs/{job.pk}").json()["data"]["measurement"] is None


def test_the_page_shows_errors_by_hardware_and_model_and_the_coverage(signed_in, finished):
    answer = signed_in.get(URL)
    assert answer.status_code == 200
    page = text(answer)
    for wanted in ("1 run", "Error over time", "H100", "SmolLM2-135M-Instruct", "List figures", "Within the range"):
        assert wanted in page, wanted
    error = relative_error(finished.plan.duration_hours, finished.measurement.hours)
    assert f"{error * 100:+.1f} %" in page


def test_without_runs_the_page_says_what_will_be_there(signed_in):
    assert "Nothing to compare yet" in text(signed_in.get(URL))


def test_users_see_their_own_runs_and_who_may_see_all_sees_all(client, finished, other_user, admin_client):
    client.force_login(other_user)
    assert "Nothing to compare yet" in text(client.get(URL))
    everybodys = text(admin_client.get(URL))
    assert "1 run" in everybodys
    assert f"/training/jobs/{finished.pk}" not in everybodys  # another's job is nobody else's to open


def test_signing_in_is_needed(client):
    assert client.get(URL).status_code == 302


def test_the_report_prints_the_same(finished):
    out = StringIO()
    call_command("calibration", "report", stdout=out)
    report = out.getvalue()
    error = abs(relative_error(finished.plan.duration_hours, finished.measurement.hours))
    for wanted in ("All runs", "H100", "HuggingFaceTB/SmolLM2-135M-Instruct", f"{error:.1%}"):
        assert wanted in report, wanted


def test_the_report_says_so_when_there_is_nothing():
    out = StringIO()
    call_command("calibration", "report", stdout=out)
    assert "No run to compare yet" in out.getvalue()


def test_measured_memory_is_compared_with_cudas_own_in_it(finished):
    assert finished.measurement.peak_bytes == pytest.approx(4.55 * GIB, rel=0.01)
