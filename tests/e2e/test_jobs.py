"""From the list of jobs to two of them side by side, and one of them deleted."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_browser import pytestmark  # noqa: F401 - marks, used by pytest
from training.models import JobDeletion, JobMetric, TrainingJob


@pytest.fixture
def jobs(put_job):
    """Two that have ended, with curves, and one that runs, so that the list is fetched again and again."""
    found = [put_job("completed", name=name, total_steps=40, current_step=40) for name in ("First", "Second")]
    for place, job in enumerate(found):
        steps = [JobMetric(job=job, step=step, epoch=0.0, loss=3 - step / (20 + place)) for step in range(1, 41)]
        JobMetric.objects.bulk_create(steps)
        JobMetric.objects.filter(job=job, step=40).update(evaluation_loss=1.25 + place)
    return [*found, put_job("running")]


def test_jobs_are_found_compared_and_deleted(page, jobs):
    first, second, _ = jobs
    page.goto("/training/jobs")
    compare = page.get_by_role("button", name=re.compile("Compare"))
    expect(compare).to_be_disabled()
    for job in (first, second):
        page.get_by_label(f"Compare {job.name}").check()
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true", timeout=20_000):
        pass  # the list was fetched anew
    expect(page.get_by_label("Compare First")).to_be_checked()
    expect(compare).to_have_text("Compare 2")
    compare.click()

    expect(page.get_by_role("heading", name="Compare jobs")).to_be_visible()
    legend = page.locator("#evaluation-chart .u-legend")
    for wanted in ("1.2500", "2.2500"):
        expect(legend).to_contain_text(wanted)
    page.get_by_role("link", name="First").click()

    page.get_by_role("link", name="Delete").click()
    page.get_by_role("link", name="Keep it").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete job").click()
    expect(page.get_by_text("“First” was deleted")).to_be_visible()
    expect(page.get_by_role("link", name="First")).to_have_count(0)
    assert not TrainingJob.objects.filter(pk=first.pk).exists()
    assert JobDeletion.objects.get().job_id == first.pk

    page.get_by_label("Search").fill("seco")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="Second")).to_be_visible()
    page.get_by_label("Search").fill("nothing")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Show all jobs").click()
    expect(page.get_by_role("link", name="Second")).to_be_visible()
