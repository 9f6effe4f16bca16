"""Jobs are found by what they are, what they cost and what came of them, in any order; page and API find the same."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.training.conftest import claim
from training.jobs import lifecycle
from training.jobs.search import ORDERS
from training.models import BaseModel, TrainingJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs(put_job, make_dataset):
    """Four, by a word: told apart by everything that can be asked for."""
    calls = make_dataset(name="Phone calls")
    other = BaseModel.objects.exclude(is_default=True).first()
    made = {
        "first": put_job("completed", name="Tone, low rate", tags=["tone", "week 1"]),
        "second": put_job("failed", tags=["tone"]),
        "third": put_job("completed"),
        "waiting": put_job("queued"),
    }
    changes = {
        "first": {"current_cost": "3.50", "current_metrics": {"loss": 1.5, "evaluation_loss": 1.75}},
        "second": {"current_cost": "0.25", "dataset": calls, "preset_id": "quality"},
        "third": {"current_cost": "10", "base_model": other, "current_metrics": {"loss": 0.5, "evaluation_loss": 2.5}},
        "waiting": {},
    }
    day = timezone.make_aware(datetime(2026, 3, 1, 12))
    for place, (name, change) in enumerate(changes.items()):
        job, created = made[name], day + timedelta(days=place)
        TrainingJob.objects.filter(pk=job.pk).update(created_at=created, **change)
        job.refresh_from_db()
        if job.finished_at:
            job.started_at, job.finished_at = created, created + timedelta(hours=4 - place)
        for column, value in job.outcome().items():
            setattr(job, column, value)
        job.save()
    return made


def found(api, jobs, **query):
    """By the API, in its order; that the page has the same is asserted here."""
    answer = api.get("/api/jobs", query | {"limit": 100})
    assert answer.status_code == 200, answer.json()
    names = {str(job.pk): name for name, job in jobs.items()}
    return [names[job["id"]] for job in answer.json()["data"]["jobs"]]


def on_page(client, jobs, **query):
    names = {str(job.pk): name for name, job in jobs.items()}
    page = client.get("/training/jobs", query).content.decode()
    return [names[pk] for pk in re.findall(r'id="job-([0-9a-f-]{36})"', page)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["waiting", "third", "second", "first"]),
        ({"q": "LOW"}, ["first"]),
        ({"q": "week"}, ["first"]),
        ({"q": "phone"}, ["second"]),
        ({"q": "to%e"}, []),
        ({"q": "tone,week"}, []),
        ({"tag": "tone"}, ["second", "first"]),
        ({"tag": " Week  1"}, ["first"]),
        ({"tag": "week"}, []),
        ({"preset_id": "quality"}, ["second"]),
        ({"status": "completed"}, ["third", "first"]),
        ({"created_from": "2026-03-02", "created_to": "2026-03-03"}, ["third", "second"]),
        ({"created_to": "2026-03-01"}, ["first"]),
        ({"cost_min": "0.25", "cost_max": "3.5"}, ["second", "first"]),
        ({"cost_min": "4"}, ["third"]),
        ({"tag": "tone", "status": "failed", "cost_max": "1"}, ["second"]),
        ({"sort": "created"}, ["first", "second", "third", "waiting"]),
        ({"sort": "-cost"}, ["third", "first", "second", "waiting"]),
        ({"sort": "cost", "status": "completed"}, ["first", "third"]),
        ({"sort": "-duration"}, ["first", "second", "third", "waiting"]),
        ({"sort": "duration", "status": "completed"}, ["third", "first"]),
        ({"sort": "loss", "status": "completed"}, ["third", "first"]),
        ({"sort": "evaluation_loss", "status": "completed"}, ["first", "third"]),
    ],
)
def test_jobs_are_found(api, signed_in, jobs, query, names):
    assert found(api, jobs, **query) == names
    assert on_page(signed_in, jobs, **query) == names


def test_a_data_set_and_a_base_model_are_looked_for(api, signed_in, jobs):
    for query, names in (
        ({"dataset_id": str(jobs["second"].dataset_id)}, ["second"]),
        ({"base_model": jobs["third"].base_model.name}, ["third"]),
    ):
        assert found(api, jobs, **query) == names
        assert on_page(signed_in, jobs, **query) == names


@pytest.mark.parametrize(
    ("query", "is_found"),
    [({"cost_min": "2"}, True), ({"cost_max": "2"}, True), ({"cost_min": "3"}, False), ({"cost_max": "1"}, False)],
)
@pytest.mark.parametrize("status", ["queued", "running", "completed"])
def test_a_job_has_cost_what_it_has_cost_so_far(api, put_job, status, query, is_found):
    job = put_job(status)
    TrainingJob.objects.filter(pk=job.pk).update(current_cost=2, final_cost=2 if status == "completed" else 0)
    assert found(api, {"one": job}, **query) == (["one"] if is_found else [])


def test_a_deleted_data_set_still_names_its_jobs_and_anothers_names_none(api, put_job, make_dataset, other_user):
    gone = make_dataset(name="Gone", training_ready=False, deleted_at=timezone.now())
    job = put_job("completed")
    TrainingJob.objects.filter(pk=job.pk).update(dataset=gone)
    assert found(api, {"one": job}, q="gone") == ["one"]
    TrainingJob.objects.filter(pk=job.pk).update(dataset=make_dataset(user=other_user, name="Theirs"))
    assert found(api, {"one": job}, q="theirs") == []


def test_the_longest_labels_can_be_saved_and_found(api, put_job):
    letters = "".join(chr(0x20000 + place) for place in range(200 + 10 * 40))  # of four bytes, none alike
    tags = [letters[200 + 40 * place : 240 + 40 * place] for place in range(10)]
    job = put_job("completed", name=letters[:200], tags=tags)
    assert found(api, {"one": job}, q=letters[150:200]) == found(api, {"one": job}, tag=tags[9]) == ["one"]


@pytest.mark.parametrize("sort", ORDERS)
def test_any_order_is_turned_by_key(api, put_job, sort):
    for place in range(7):  # of which some are alike, and some have no loss
        job = put_job("completed", current_cost=place % 3, current_metrics={"loss": place / 2} if place % 2 else {})
        TrainingJob.objects.filter(pk=job.pk).update(**job.outcome())
    put_job()

    def turn(cursor, to):
        answer = api.get("/api/jobs", {"limit": 3, "sort": sort, **({"cursor": cursor} if cursor else {})})
        data = answer.json()["data"]
        return [job["id"] for job in data["jobs"]], data["pagination"][to]

    whole = [job["id"] for job in api.get("/api/jobs", {"limit": 100, "sort": sort}).json()["data"]["jobs"]]
    pages, cursor = [], ""
    while cursor is not None:
        page, cursor = turn(cursor, "next")
        pages.append(page)
    assert [job for page in pages for job in page] == whole
    _, last = turn("", "next")
    page, back = turn(last, "previous")
    assert turn(back, "next")[0] == pages[0]
    assert page == pages[1]


def test_a_cursor_is_good_for_its_own_order_only(api, put_job):
    for _ in range(3):
        put_job()
    cursor = api.get("/api/jobs", {"limit": 1, "sort": "-cost"}).json()["data"]["pagination"]["next"]
    for sort in ("cost", "-created"):
        assert api.get("/api/jobs", {"limit": 1, "sort": sort, "cursor": cursor}).status_code == 400


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "done"}, "status"),
        ({"sort": "price"}, "sort"),
        ({"preset_id": "slow"}, "preset_id"),
        ({"dataset_id": "x"}, "dataset_id"),
        ({"base_model": "none/such"}, "base_model"),
        ({"created_from": "yesterday"}, "created_from"),
        ({"created_to": "0001-01-01"}, "created_to"),
        ({"created_from": "2026-03-02", "created_to": "2026-03-01"}, "created_to"),
        ({"cost_min": "free"}, "cost_min"),
        ({"cost_min": "5", "cost_max": "4"}, "cost_max"),
        ({"q": "x" * 201}, "q"),
        ({"tag": "x" * 41}, "tag"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(api, signed_in, jobs, query, field):
    answer = api.get("/api/jobs", query)
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
    answer = signed_in.get("/training/jobs", query)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert str(answer.context["form"].errors[field][0]) in answer.content.decode().replace("&#x27;", "'")


def test_what_finds_nothing_leads_back(signed_in, put_job):
    put_job()
    page = signed_in.get("/training/jobs", {"q": "nothing of the kind"}).content.decode()
    assert "No job is found" in page
    assert '<a class="btn" data-variant="outline" href="/training/jobs">Show all jobs</a>' in page
    assert 'value="nothing of the kind"' in page


def test_another_users_jobs_are_not_found(client, other_user, jobs):
    client.force_login(other_user)
    for query in ({}, {"q": "tone"}, {"tag": "tone"}, {"dataset_id": str(jobs["second"].dataset_id)}):
        assert on_page(client, jobs, **query) == []


def test_what_came_of_a_job_is_told_once_it_has_ended(api, job):
    def told():
        (row,) = api.get("/api/jobs").json()["data"]["jobs"]
        return [row[name] for name in ("final_cost", "final_loss", "final_evaluation_loss", "duration_seconds")]

    claimed = claim(job)
    lifecycle.start_running(claimed, device="cuda", device_name="H100")
    lifecycle.record(claimed, current_metrics={"loss": 1.25, "evaluation_loss": 1.5}, current_cost=Decimal("0.75"))
    assert told() == [None] * 4
    lifecycle.fail(claimed, code="killed", message="Killed.", current_cost=Decimal("1.5"))
    cost, loss, evaluation_loss, seconds = told()
    assert (cost, loss, evaluation_loss) == (1.5, 1.25, 1.5)
    assert seconds > 0
    row = TrainingJob.objects.get()
    assert row.outcome() == {name: getattr(row, name) for name in row.outcome()}
    lifecycle.retry(row, actor=row.user)
    assert told() == [None] * 4
    assert TrainingJob.objects.get().final_cost == 0


def test_the_list_shows_what_came_of_jobs(signed_in, jobs):
    page = signed_in.get("/training/jobs").content.decode()
    for wanted in ("Tone, low rate", "week 1", "$3.50", "4 h 0 min", "1.5000", "eval 1.7500", " so far"):
        assert wanted in page, wanted
