"""Curves go out as they grow, thinned out, and anew after another attempt went back."""

import pytest

from training.jobs.curves import MOST_POINTS, curves
from training.models import JobMetric

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(put_job):
    """A running job of so many steps, with a metric for each step that is done."""

    def make(total, done, **changes):
        job = put_job("running", total_steps=total, current_step=done, attempt=1, **changes)
        JobMetric.objects.bulk_create(
            JobMetric(job=job, step=step, epoch=0.0, loss=1.0, learning_rate=1e-4, tokens_per_second=9.0)
            for step in range(1, done + 1)
        )
        return job

    return make


def get(client, job, **query):
    return client.get(f"/training/jobs/{job.pk}/metrics", query).json()


def test_at_first_everything_is_sent(signed_in, run):
    data = get(signed_in, run(50, 20))
    assert data["steps"] == list(range(1, 21))
    assert (data["from"], data["attempt"]) == (0, 1)
    assert data["loss"] == [1.0] * 20


def test_then_only_what_is_new_and_the_last_again_with_its_evaluation(signed_in, run):
    job = run(50, 20)
    JobMetric.objects.filter(job=job, step=15).update(evaluation_loss=0.5)
    data = get(signed_in, job, attempt=1, after=15)
    assert data["steps"] == [15, 16, 17, 18, 19, 20]
    assert data["evaluation_loss"][0] == 0.5
    assert data["from"] == 15


@pytest.mark.parametrize(("attempt", "after"), [(1, 15), (2, 19)], ids=["another attempt", "it went back"])
def test_all_is_sent_anew_when_what_the_page_has_is_no_longer_true(signed_in, run, attempt, after):
    job = run(50, 20)
    job.attempt, job.current_step = 2, 18
    job.save()
    data = get(signed_in, job, attempt=attempt, after=after)
    assert data["from"] == 0
    assert data["steps"] == list(range(1, 19))  # what a dead attempt did beyond is not shown


@pytest.mark.parametrize("total", [1_999, 2_001, 10_000, 123_456])
def test_a_long_run_is_thinned_out_to_what_can_be_seen(run, total):
    job = run(total, min(total, 5_000))
    JobMetric.objects.filter(job=job, step=777).update(evaluation_loss=0.5)
    data = curves(job)
    assert len(data["steps"]) <= MOST_POINTS + 3
    assert {1, 777} <= set(data["steps"])
    known, again = data["steps"][-1], curves(job, attempt=1, after=data["steps"][-1])
    assert again["steps"] == [known]


@pytest.mark.parametrize("query", [{"after": "x"}, {"after": "-1"}, {"attempt": "9" * 30, "after": "²"}])
def test_a_query_that_makes_no_sense_is_answered_with_all(signed_in, run, query):
    assert len(get(signed_in, run(10, 5), **query)["steps"]) == 5
