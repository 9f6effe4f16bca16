"""Two to six of one's jobs side by side: what came of them, and the settings that differ."""

import re
import uuid
from html import unescape

import pytest

from training.models import RunPlan, TrainingJob

pytestmark = pytest.mark.django_db

URL = "/training/jobs/compare"


@pytest.fixture
def pair(make_job):
    """Alike but for their rank and what came of them."""
    jobs = [make_job(name=name) for name in ("First", "Second")]
    for job, cost, loss in zip(jobs, ("1.25", "2.50"), (1.5, 1.25), strict=True):
        TrainingJob.objects.filter(pk=job.pk).update(
            current_cost=cost, current_metrics={"loss": loss, "evaluation_loss": loss + 0.5, "tokens_per_second": 900}
        )
    jobs[1].hyperparameters |= {"rank": 64}
    TrainingJob.objects.filter(pk=jobs[1].pk).update(hyperparameters=jobs[1].hyperparameters)
    RunPlan.objects.filter(job=jobs[1]).update(too_long="cut")
    return jobs


def rows(answer):
    """By table: the values of each row by its label."""
    page = unescape(answer.content.decode())
    found = {}
    for name, table in re.findall(r'aria-labelledby="(results|changed)"><table.*?<tbody>(.*?)</tbody>', page, re.S):
        found[name] = {
            label: re.findall(r"<td>(.*?)</td>", cells)
            for label, cells in re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table, re.S)
        }
    return found


def compare(client, *jobs):
    return client.get(URL, {"job": [str(getattr(job, "pk", job)) for job in jobs]})


def test_results_stand_side_by_side_and_of_settings_only_those_that_differ(signed_in, pair):
    answer = compare(signed_in, *pair)
    assert answer.status_code == 200
    found = rows(answer)
    assert found["results"] == {
        "Evaluation loss": ["2.0000", "1.7500"],
        "Training loss": ["1.5000", "1.2500"],
        "Cost": ["$1.25", "$2.50"],
        "Estimated cost": found["results"]["Estimated cost"],
        "Time": ["–", "–"],
        "Tokens a second": ["900", "900"],
        "Steps done": ["0 of 750", "0 of 750"],
    }
    assert list(found["changed"]) == ["LoRA Rank", "Longer conversations"]
    assert found["changed"]["LoRA Rank"] == ["16", "64"]
    page = answer.content.decode()
    assert page.index("First") < page.index("Second")
    assert page.count("/metrics") == 2


def test_the_order_is_that_of_the_address_and_a_job_named_twice_stands_once(signed_in, pair):
    found = rows(compare(signed_in, pair[1], pair[0], pair[1]))
    assert found["results"]["Cost"] == ["$2.50", "$1.25"]


def test_jobs_that_were_configured_alike_say_so(signed_in, make_job):
    answer = compare(signed_in, make_job(), make_job())
    assert "all of them were configured alike" in answer.content.decode()
    assert "changed" not in rows(answer)


def test_jobs_without_a_plan_or_figures_are_compared_too(signed_in, put_job):
    assert compare(signed_in, put_job("failed"), put_job()).status_code == 200


@pytest.mark.parametrize(
    ("count", "status", "said"), [(0, 400, "at least 2 jobs"), (1, 400, "at least 2 jobs"), (7, 400, "at most 6 jobs")]
)
def test_too_few_and_too_many_lead_back(signed_in, put_job, count, status, said):
    answer = compare(signed_in, *(put_job() for _ in range(count)))
    assert answer.status_code == status
    assert said in answer.content.decode()
    assert '<a class="btn" href="/training/jobs">' in answer.content.decode()


@pytest.mark.parametrize("other", ["another's", "nobody's", "no id"])
def test_anothers_job_looks_like_none(client, other_user, pair, other):
    wanted = {"another's": pair[1], "nobody's": uuid.uuid4(), "no id": "x"}[other]
    client.force_login(pair[0].user)
    if other == "another's":
        TrainingJob.objects.filter(pk=pair[1].pk).update(user=other_user)
    answer = compare(client, pair[0], wanted)
    assert answer.status_code == 404
    page = answer.content.decode()
    assert "One of them was deleted, is not yours, or has never been there." in page
    assert "Second" not in page


def test_six_are_asked_of_the_database_like_two(signed_in, make_job, django_assert_max_num_queries):
    jobs = [make_job() for _ in range(6)]
    with django_assert_max_num_queries(4):
        assert compare(signed_in, *jobs).status_code == 200


def test_the_list_offers_to_compare(signed_in, pair):
    page = signed_in.get("/training/jobs").content.decode()
    assert re.search(r'<form class="choose" id="compare" method="get" action="/training/jobs/compare"', page)
    for job in pair:
        assert f'name="job" value="{job.pk}" form="compare" aria-label="Compare {job.name}">' in page
