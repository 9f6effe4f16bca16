"""Name, tags and note: given at the start or later, kept as people would look for them, refused with the reason."""

import pytest

from tests.training.web.test_configure_page import URL as CONFIGURE
from tests.training.web.test_configure_page import values
from tests.training.web.test_jobs_api import create
from training.core.status import ALL, FINAL
from training.models import TrainingJob

pytestmark = pytest.mark.django_db

GIVEN = {"name": "  Tone,\n second try ", "tags": ["Support", " support ", "A  b"], "note": "Lower rate."}
KEPT = {"name": "Tone, second try", "tags": ["support", "a b"], "note": "Lower rate."}
FORM = GIVEN | {"tags": "Support, support,, A  b"}


def kept(job):
    return TrainingJob.objects.values("name", "tags", "note").get(pk=job if isinstance(job, str) else job.pk)


def test_they_are_given_at_the_start(api, dataset):
    job = create(api, dataset, **GIVEN).json()["data"]
    assert {name: job[name] for name in KEPT} == KEPT
    assert kept(job["id"]) == KEPT


def test_the_configure_page_takes_them(signed_in, dataset):
    assert signed_in.post(CONFIGURE, values(dataset, **FORM)).status_code == 302
    assert kept(TrainingJob.objects.get()) == KEPT


def test_they_are_folded_away_until_one_is_given_or_wrong(signed_in, dataset):
    def page(**query):
        return signed_in.get(CONFIGURE, {"datasetId": str(dataset.pk), **query}).content.decode()

    assert '<details class="quiet options" id="labels">' in page()
    assert '<details class="quiet options" id="labels" open>' in page(tags="a, B")
    assert 'value="a, b"' in page(tags="a, B")
    assert "At most 10 tags." in page(tags=",".join(map(str, range(11))))


def test_without_a_name_a_job_goes_by_what_it_is(signed_in, dataset, put_job):
    job = put_job()
    assert "<h1>Support chats · Fast</h1>" in signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    dataset.name = "Calls"
    dataset.save()
    assert "<h1>Calls · Fast</h1>" in signed_in.get(f"/training/jobs/{job.pk}").content.decode()


@pytest.mark.parametrize("status", ALL)
def test_they_are_changed_in_any_status(api, signed_in, put_job, status):
    job = put_job(status, progress=100 if status in FINAL else 3)
    answer = api.patch(f"/api/jobs/{job.pk}", {"tags": GIVEN["tags"]}, format="json")
    assert answer.json()["data"]["tags"] == KEPT["tags"]
    assert kept(job) == KEPT | {"name": "", "note": ""}
    assert signed_in.post(f"/training/jobs/{job.pk}/edit", FORM).url == f"/training/jobs/{job.pk}"
    assert kept(job) == KEPT
    page = signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    assert all(word in page for word in ("<h1>Tone, second try</h1>", "a b", "Lower rate."))
    assert TrainingJob.objects.get().status == status


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "x" * 201}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"tags": "a"}, "tags"),
        ({"tags": [""]}, "tags.0"),
        ({"tags": ["x" * 41]}, "tags.0"),
        ({"tags": [str(number) for number in range(11)]}, "tags"),
        ({"tags": ["a,b"]}, "tags"),
        ({"note": "x" * 2001}, "note"),
    ],
)
def test_what_they_cannot_be_is_said_by_field(api, dataset, put_job, changes, field):
    job = put_job()
    for answer in (api.patch(f"/api/jobs/{job.pk}", changes, format="json"), create(api, dataset, **changes)):
        assert answer.status_code == 400
        assert list(answer.json()["details"]) == [field]
    assert kept(job) == {"name": "", "tags": [], "note": ""}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"tags": "x" * 41}, "A tag has at most 40 characters."),
        ({"note": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_the_page_says_it_at_the_field(signed_in, put_job, changes, said):
    job = put_job()
    answer = signed_in.post(f"/training/jobs/{job.pk}/edit", FORM | changes)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert kept(job)["name"] == ""
