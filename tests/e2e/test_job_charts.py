"""A job's charts say their figures without a pointer over them."""

import pytest
from playwright.sync_api import expect

from tests.e2e.test_browser import pytestmark  # noqa: F401 - marks, used by pytest
from training.models import JobMetric

FIGURES = {"learning_rate": 5e-5, "tokens_per_second": 912.0}


@pytest.fixture
def job(put_job):
    """Thirty steps of fifty are done; the last evaluation was ten steps ago."""
    job = put_job("running", total_steps=50, current_step=30, attempt=1)
    steps = [JobMetric(job=job, step=step, epoch=0.0, loss=3 - step / 20, **FIGURES) for step in range(1, 31)]
    JobMetric.objects.bulk_create(steps)
    JobMetric.objects.filter(job=job, step=20).update(evaluation_loss=1.75)
    return job


def legend(page, chart):
    return page.locator(f"#{chart} .u-legend")


def test_legends_tell_the_last_values_at_rest_and_those_under_the_pointer(page, job):
    page.goto(f"/training/jobs/{job.pk}")
    loss = legend(page, "loss-chart")
    for wanted in ("30", "1.5000", "1.7500"):
        expect(loss).to_contain_text(wanted)
    expect(legend(page, "speed-chart")).to_contain_text("912")
    expect(legend(page, "rate-chart")).to_contain_text("5.00e-5")
    page.locator("#loss-chart .u-over").hover(position={"x": 1, "y": 40})
    expect(loss).to_contain_text("2.9500")
    page.mouse.move(0, 0)
    expect(loss).to_contain_text("1.5000")


def test_legends_follow_what_is_new(page, job):
    page.goto(f"/training/jobs/{job.pk}")
    expect(legend(page, "loss-chart")).to_contain_text("1.5000")
    JobMetric.objects.create(job=job, step=31, epoch=0.0, loss=1.25, evaluation_loss=1.5, **FIGURES)
    type(job).objects.update(current_step=31)
    expect(legend(page, "loss-chart")).to_contain_text("1.2500", timeout=10_000)
