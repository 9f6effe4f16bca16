"""Estimates held to account: on the job, on the accuracy page, by the command."""

import itertools
import re
from io import StringIO

import pytest
from django.core.management import call_command

from tests.training.measured import GIB, record, start
from training.core.accuracy import relative_error
from training.core.memory import CONTEXT_BYTES
from training.estimates.track_record import track_record
from training.models import RunMeasurement
from training.templatetags.estimates import percent
from training.web.error_chart import error_chart

pytestmark = pytest.mark.django_db

URL = "/training/accuracy"
MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"


def text(answer):
    return " ".join(answer.content.decode().split())


def printed():
    """The report's lines."""
    out = StringIO()
    call_command("calibration", "report", stdout=out)
    return out.getvalue().splitlines()


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


def test_a_run_on_a_cpu_has_an_estimate_from_the_second_on(user, dataset):
    first, second = on_a_cpu(user, dataset), on_a_cpu(user, dataset)
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
    assert f"{(4 * GIB + CONTEXT_BYTES) / GIB:.1f} GiB" in page  # what PyTorch held, and CUDA's own
    assert "15.2 min" in page


def test_the_api_shows_a_jobs_plan_and_what_it_measured(api, finished):
    data = api.get(f"/api/jobs/{finished.pk}").json()["data"]
    assert data["plan"]["basis"] == "list"
    assert data["plan"]["price_per_hour"] == 4.2
    assert data["measurement"]["tokens_per_second"] == 900.0
    assert data["measurement"]["predicted_hours"] == data["plan"]["duration_hours"]


def test_a_job_that_is_not_done_has_measured_nothing(api, job):
    assert api.get(f"/api/jobs/{job.pk}").json()["data"]["measurement"] is None


@pytest.fixture
def finish(user, dataset):
    """Finished runs that were estimated from one thing, ``factor`` times as long as they then took."""

    def make(count, *, gpu="H100", basis="list", factor=1.2, **changes):
        device = {"device": "cuda", "device_name": f"NVIDIA {gpu.replace('-', ' ')}"}
        rows = [record(start(user, dataset, gpu), **device | changes) for _ in range(count)]
        for row in rows:
            row.basis, row.predicted_hours = basis, row.hours * factor
            row.save(update_fields=["basis", "predicted_hours"])
        return rows

    return make


def on_a_cpu(user, dataset):
    return record(start(user, dataset), device="cpu", device_name="CPU (AMD EPYC)", cost="0")


def rows_of(answer):
    """The texts of all rows of the page's tables."""
    rows = re.findall(r"<tr>(.*?)</tr>", text(answer))
    return [" | ".join(re.findall(r">([^<>]+)</t[hd]>", row)) for row in rows]


@pytest.mark.parametrize(("count", "said"), [(1, "1 run: too few to say"), (2, "2 runs: too few to say"), (3, "")])
def test_nothing_is_charted_or_given_a_median_from_fewer_than_three_runs(signed_in, finish, count, said):
    finish(count)
    answer = signed_in.get(URL)
    has_medians = not said
    assert ("Error over time" in text(answer)) == ("Within the range" in text(answer)) == has_medians
    report = printed()
    for group in ("H100", "List figures", MODEL):
        assert (f"{group} | {said or '3 | 20.0 %'}") in "\n".join(rows_of(answer)), group
        assert (said or "20.0%") in next(line for line in report if line.strip().startswith(group)), group


def test_errors_are_told_by_basis_and_by_device(signed_in, finish):
    finish(3, factor=2.0)
    finish(4, basis="architecture", factor=0.9)
    finish(2, basis="measured")
    finish(3, gpu="A100-80GB", basis="architecture", factor=1.3)
    rows = rows_of(signed_in.get(URL))
    by_device = rows[rows.index(next(row for row in rows if row.startswith("H100 |"))) :]
    found = [row.rsplit(" | ", 5)[0] if "too few" not in row else row for row in by_device[:6]]
    assert found == [
        "H100 | 9 | 20.0 %",
        "List figures | 3 | 100 %",
        "The model&#x27;s architecture | 4 | 10.0 %",
        "Measured runs | 2 runs: too few to say",
        "A100-80GB | 3 | 30.0 %",
        "The model&#x27;s architecture | 3 | 30.0 %",
    ]
    assert "The model&#x27;s architecture | 7 | 10.0 %" in "\n".join(rows)
    assert [line.split()[-7:-5] for line in printed() if line.startswith("  The model's architecture")] == [
        ["4", "10.0%"],
        ["3", "30.0%"],
    ]


@pytest.mark.parametrize("chosen", ["H100", "A100-80GB"])
@pytest.mark.parametrize(
    "elsewhere",
    [("cpu", "CPU (AMD EPYC)"), ("cpu", "H100"), ("cuda", "NVIDIA A100-SXM4-40GB"), ("cuda", "NVIDIA V100")],
)
def test_a_run_on_another_device_than_the_chosen_one_counts_nowhere(signed_in, finish, chosen, elsewhere):
    device, name = elsewhere
    finish(4, gpu=chosen, device=device, device_name=name)
    assert not RunMeasurement.objects.comparable()
    page = text(signed_in.get(URL))
    assert "Nothing to compare yet" in page
    assert "The 4 finished runs so far were on another device" in page
    finish(3)
    page = text(signed_in.get(URL))
    assert "3 runs" in page
    assert "4 finished runs on another device than the one chosen, such as a CPU, are not counted." in page
    assert name not in re.sub("H100|A100-80GB", "", page) or name in ("H100", "A100-80GB")
    assert "Not counted: 4 run(s)" in printed()[0]


def test_a_cpus_overheads_are_told_of_no_gpu(signed_in, user, dataset, finish):
    """The list's half an hour of overhead against a CPU's seconds: nobody had estimated that."""
    on_a_cpu(user, dataset)
    assert on_a_cpu(user, dataset).predicted_hours is not None
    finish(3)
    assert track_record(RunMeasurement.objects.comparable()).overall.runs == 3


@pytest.mark.parametrize(("factor", "label"), [(9.0, "×9"), (0.1, "÷10"), (85.77, "×86")])
def test_what_lies_beyond_the_scale_is_an_arrow_with_its_figure(signed_in, finish, factor, label):
    finish(2)
    finish(1, factor=factor)
    page = text(signed_in.get(URL))
    assert page.count('<path class="hollow"') == 1
    assert f"({label}), beyond the scale</title>" in page
    assert f"Beyond the scale: {label}</span>" in page
    assert f"| {label} |" in "\n".join(rows_of(signed_in.get(URL)))


def test_within_the_scale_nothing_is_an_arrow(signed_in, finish):
    for factor in (0.25, 0.5, 1.0, 2.0, 4.0):
        finish(1, factor=factor)
    page = text(signed_in.get(URL))
    assert "eyond the scale" not in page
    assert page.count('<circle class="hollow"') == 5


def test_the_scale_is_symmetric_and_logarithmic(finish):
    finish(1, factor=1.0)
    for factor in (1.5, 2.0, 3.9):
        finish(1, factor=factor)
        finish(1, factor=1 / factor)
    chart = error_chart(track_record(RunMeasurement.objects.comparable()).runs)
    assert [band.label for band in chart.bands] == ["×4", "×2", "right", "÷2", "÷4"]
    gaps = {round(low.y - high.y, 1) for high, low in itertools.pairwise(chart.bands)}
    assert len(gaps) == 1
    middle = chart.bands[2].y
    right, *others = [mark.y - middle for mark in chart.marks]
    assert right == 0
    for too_long, too_short in zip(others[::2], others[1::2], strict=True):
        assert too_long == pytest.approx(-too_short, abs=0.11)
        assert too_long < 0


def test_the_legend_names_each_basis_and_the_table_has_every_run_of_the_chart(signed_in, finish):
    finish(2)
    finish(1, basis="architecture")
    finish(3, basis="measured")
    answer = signed_in.get(URL)
    page = text(answer)
    for wanted in ("List figures (2)", "The model&#x27;s architecture (1)", "Measured runs (3)"):
        assert wanted in page, wanted
    shapes = re.findall(r'<(circle|rect) class="(hollow|square|filled)"', page)
    assert sorted(shapes) == [("circle", "filled")] * 3 + [("circle", "hollow")] * 2 + [("rect", "square")]
    assert sum("1 × H100" in row for row in rows_of(answer)) == 6


def test_each_basis_is_held_against_the_very_same_runs(signed_in, finish):
    for row in finish(3, basis="measured"):
        row.list_tokens_per_second, row.modelled_tokens_per_second = 450, 990
        row.save(update_fields=["list_tokens_per_second", "modelled_tokens_per_second"])
    estimated = abs(relative_error(row.predicted_tokens_per_second, 900))
    assert f"H100 | 3 | 50.0 % | 10.0 % | {percent(estimated)}" in rows_of(signed_in.get(URL))
    assert printed()[-1].split() == ["H100", "3", "50.0%", "10.0%", f"{estimated:.1%}"]


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


def test_the_report_says_so_when_there_is_nothing():
    assert "No run to compare yet" in printed()[0]


def test_measured_memory_is_compared_with_cudas_own_in_it(finished):
    assert finished.measurement.peak_bytes == 4 * GIB + CONTEXT_BYTES
