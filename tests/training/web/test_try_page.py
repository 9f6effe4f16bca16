"""The page to try an adapter on: what it offers to whom, and what it says where there is nothing to try."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from training.models import Artifact, BaseModel, RunPlan, TrainingJob
from training.web import trying

pytestmark = pytest.mark.django_db


@pytest.fixture
def tried(put_job):
    """A job with an adapter."""

    def make(status="completed", kind="adapter", age=0, **changes):
        job = put_job(status, **changes)
        created = timezone.now() - timedelta(minutes=age)
        TrainingJob.objects.filter(pk=job.pk).update(created_at=created)
        Artifact.objects.create(job=job, kind=kind, file="adapters/a.zip", file_name="a.zip", size=1, sha256="0" * 64)
        return TrainingJob.objects.get(pk=job.pk)

    return make


def page_of(client, job, status=200):
    answer = client.get(f"/training/jobs/{job.pk}/try")
    assert answer.status_code == status
    return unescape(answer.content.decode())


def options(page, side):
    """(value, label, whether it is chosen) of a pane's models."""
    select = re.search(rf'<select id="{side}".*?</select>', page, re.S)[0]
    found = re.findall(r'<option value="([^"]+)"( selected)?>([^<]+)</option>', select)
    return [(value, label, bool(chosen)) for value, chosen, label in found]


def test_base_and_adapter_stand_beside_each_other_with_the_newest_first(signed_in, tried):
    older, job, newer = (tried(age=age, name=f"Run {age}") for age in (30, 20, 10))
    page = page_of(signed_in, job)
    base = job.base_model.name
    left, right = options(page, "left"), options(page, "right")
    assert [value for value, _, _ in left] == [base, *(f"{base}:{one.pk}" for one in (newer, job, older))]
    assert [value for value, _, chosen in left if chosen] == [base]
    assert [value for value, _, chosen in right if chosen] == [f"{base}:{job.pk}"]
    assert left[0][1] == f"Base: {base}"
    assert left[2][1].startswith("Run 20 · ")
    assert left[2][1].endswith(" (this job)")
    assert "newest adapters" not in page


def test_only_ones_own_adapters_of_the_same_base_that_have_ended_are_offered(signed_in, tried, put_job, other_user):
    job = tried()
    others = {
        "another's": tried(),
        "another base": tried(),
        "no adapter": put_job("failed"),
        "goes on": tried("queued", kind="partial"),
    }
    TrainingJob.objects.filter(pk=others["another's"].pk).update(user=other_user)
    other = BaseModel.objects.exclude(pk=job.base_model_id).first()
    TrainingJob.objects.filter(pk=others["another base"].pk).update(base_model=other)
    assert len(options(page_of(signed_in, job), "left")) == 2


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_what_a_stopped_run_has_learned_can_be_tried(signed_in, tried, status):
    job = tried(status, kind="partial")
    (_, own) = options(page_of(signed_in, job), "right")
    assert " · partial" in own[1]


def test_two_artifacts_of_a_job_are_one_choice(signed_in, tried):
    job = tried(kind="partial")
    Artifact.objects.create(job=job, kind="adapter", file="adapters/b.zip", file_name="b", size=1, sha256="0" * 64)
    assert len(options(page_of(signed_in, tried()), "left")) == 3


def test_a_long_list_is_cut_and_says_so_and_has_the_job_itself(
    signed_in, tried, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(trying, "MOST_ADAPTERS", 5)
    job = tried(age=1000)
    newer = [tried(age=age) for age in range(4)]
    assert "newest adapters" not in page_of(signed_in, job)
    tried(age=5)
    with django_assert_max_num_queries(6):
        page = page_of(signed_in, job)
    assert "The 5 newest adapters" in page
    found = [value.partition(":")[2] for value, _, _ in options(page, "right")[1:]]
    assert found == [str(one.pk) for one in (*newer, job)]


@pytest.mark.parametrize(
    ("status", "words"),
    [("queued", "It is still queued."), ("running", "It is still running."), ("failed", "ended without an adapter")],
)
def test_a_job_without_an_adapter_says_why_and_leads_back(signed_in, put_job, status, words):
    job = put_job(status)
    page = page_of(signed_in, job, status=404)
    assert words in page
    assert f'<a class="btn" href="/training/jobs/{job.pk}">' in page
    assert "js/try." not in page


def test_a_job_that_goes_on_is_not_tried_meanwhile(signed_in, tried):
    assert "It is still running." in page_of(signed_in, tried("running", kind="partial"), status=404)


def test_a_probe_made_no_adapter(signed_in, make_job):
    job = make_job()
    RunPlan.objects.filter(job=job).update(is_probe=True)
    TrainingJob.objects.filter(pk=job.pk).update(status="completed", finished_at=timezone.now())
    assert "only measured a few steps" in page_of(signed_in, job, status=404)


def test_a_base_model_that_is_not_offered_any_more_is_still_tried(signed_in, tried):
    job = tried()
    assert "no longer offered" not in page_of(signed_in, job)
    BaseModel.objects.filter(pk=job.base_model_id).update(is_active=False)
    assert "is no longer offered for new jobs" in page_of(signed_in, job)


@pytest.mark.parametrize("path", ["try", "try/prompts"])
def test_anothers_looks_like_none(client, other_user, tried, path):
    client.force_login(other_user)
    assert client.get(f"/training/jobs/{tried().pk}/{path}").status_code == 404


@pytest.mark.parametrize(("status", "is_offered"), [("completed", True), ("cancelled", True), ("running", False)])
def test_the_jobs_page_leads_to_it(signed_in, tried, status, is_offered):
    job = tried(status)
    page = signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    assert (f'href="/training/jobs/{job.pk}/try"' in page) == is_offered


def test_a_job_without_an_adapter_does_not_lead_to_it(signed_in, put_job):
    job = put_job("failed")
    assert f"/training/jobs/{job.pk}/try" not in signed_in.get(f"/training/jobs/{job.pk}").content.decode()


@pytest.fixture
def job_on_rows(tried, make_dataset):
    """A job whose data set holds these rows, as if it had been read."""

    def make(*rows, **changes):
        dataset = make_dataset()
        version = dataset.version
        version.options = {"container": "jsonl", "shape": "openai_chat"}
        version.file.save("rows.jsonl", ContentFile("".join(json.dumps(row) + "\n" for row in rows)))
        job = tried()
        TrainingJob.objects.filter(pk=job.pk).update(dataset=dataset, dataset_version=version, **changes)
        return job

    return make


def prompts_of(client, job):
    answer = client.get(f"/training/jobs/{job.pk}/try/prompts")
    assert answer.status_code == 200
    return answer.content.decode()


HOSTILE = "</script><img src=x onerror=alert(1)>"


def test_rows_stand_in_the_page_as_text(signed_in, job_on_rows):
    row = {"messages": [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": HOSTILE}]}
    page = prompts_of(signed_in, job_on_rows(row, data={"evaluation_pairs": 0, "train_pairs": 1}))
    assert "Nothing was held out: the adapter was trained on these rows." in page
    assert "<img" not in page
    (asked,) = json.loads(re.search(r'<script id="asked" type="application/json">(.*?)</script>', page, re.S)[1])
    assert asked == {"line": 1, "messages": [{"role": "user", "content": HOSTILE}], "reference": HOSTILE}


def test_rows_that_are_not_known_to_be_held_out_say_why(signed_in, job_on_rows):
    row = {"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]}
    page = unescape(prompts_of(signed_in, job_on_rows(row)))
    assert re.search(r"Not known to be held out, as the \w+", page)
    assert "the adapter may have been trained on these rows" in page


def test_data_without_prompts_lead_to_ones_own(signed_in, tried):
    page = unescape(prompts_of(signed_in, tried()))
    assert "Write a prompt of your own below." in page
    assert "data-row" not in page
