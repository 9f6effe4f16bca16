"""The admin's long lists: the same queries however many rows, found by indexes, and no bad address breaks them."""

import re
import uuid
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Notification
from tests.training.conftest import adapter
from training.models import IdempotencyKey, JobEvent, JobMetric, TrainingJob

pytestmark = pytest.mark.django_db
JOBS, DATASETS, NOTES = "/admin/training/trainingjob/", "/admin/datasets/dataset/", "/admin/notifications/notification/"
LISTS = [
    JOBS, DATASETS, NOTES, "/admin/training/jobevent/", "/admin/training/jobmetric/", "/admin/training/artifact/",
    "/admin/training/idempotencykey/", "/admin/training/runplan/", "/admin/training/runmeasurement/",
    "/admin/training/jobdeletion/",
]  # fmt: skip
HOSTILE = ["%00", "_00", "²", "9" * 5000, "x"]


@pytest.fixture
def work(user, put_job, make_dataset):
    """Jobs with all that they leave behind."""

    def make(count):
        for _ in range(count):
            job = put_job(dataset=make_dataset())
            JobEvent.objects.create(job=job, actor="ada", to_status="queued")
            JobMetric.objects.create(job=job, step=1, epoch=0.1)
            IdempotencyKey.objects.create(user=user, key=str(uuid.uuid4()), digest="0" * 64, job=job)
            Notification.objects.create(user=user, type="job_queued", title="Queued")
            adapter(job).save()
        return job

    return make


@pytest.fixture
def put_job(put_job, user):
    def make(status="queued", *, dataset=None, **changes):
        job = put_job(status, **changes)
        if dataset:
            TrainingJob.objects.filter(pk=job.pk).update(dataset=dataset)
        return job

    return make


def listed(client, path, query=""):
    answer = client.get(f"{path}{query}")
    assert answer.status_code == 200
    return {row.pk for row in answer.context["cl"].result_list}


def queries(client, path):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_queries_do_not_grow_with_the_rows(admin_client, work):
    work(2)
    paths = [*LISTS, *(f"{path}?q=ada" for path in LISTS), f"{JOBS}?created=7", f"{JOBS}?status__exact=queued"]
    few = {path: queries(admin_client, path) for path in paths}
    work(6)
    assert {path: queries(admin_client, path) for path in paths} == few


def test_jobs_are_found_by_id_user_dataset_and_worker(admin_client, put_job, make_dataset):
    job = put_job(dataset=make_dataset(name="House style"))
    running = put_job("running", worker="gpu0@rack-7")
    for text in (str(job.pk), str(job.pk).upper(), job.pk.hex, str(job.pk)[:8], "house st", "House style"):
        assert listed(admin_client, JOBS, f"?q={text}") == {job.pk}, text
    assert listed(admin_client, JOBS, "?q=ada") == {job.pk, running.pk}
    assert listed(admin_client, JOBS, "?q=gpu0@") == {running.pk}
    assert listed(admin_client, JOBS, f"?dataset__id__exact={running.dataset_id}") == {running.pk}
    assert listed(admin_client, JOBS, "?q=ada&status__exact=running") == {running.pk}
    for text in ("grace", "zzz", "00000000", "%25"):
        assert listed(admin_client, JOBS, f"?q={text}") == set()


def test_datasets_are_found_by_id_name_user_and_file(admin_client, make_dataset, other_user):
    one = make_dataset(name="House style")
    make_dataset(name="Other", user=other_user)
    one.version.sha256 = "ab" * 32
    one.version.save()
    for text in (str(one.pk)[:8], "HOUSE", "ada", "ab" * 32):
        assert listed(admin_client, DATASETS, f"?q={text}") == {one.pk}, text


def test_rows_are_found_by_their_age(admin_client, put_job):
    new, old = put_job(), put_job()
    TrainingJob.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    assert listed(admin_client, JOBS, "?created=7") == {new.pk}
    assert listed(admin_client, JOBS, "?created=-30") == {old.pk}
    assert listed(admin_client, JOBS, "?created=365") == {new.pk, old.pk}


def test_what_no_index_serves_looks_among_the_newest_and_says_so(admin_client, put_job, monkeypatch):
    monkeypatch.setattr("pipeline.long_lists.RECENT", 2)
    put_job(device="cpu")
    new = put_job(device="cpu")
    put_job(device="cuda")
    assert listed(admin_client, JOBS, "?device=cpu") == {new.pk}
    assert "device, of the newest 5,000" in admin_client.get(JOBS).content.decode().replace("By ", "")


def test_more_rows_than_can_be_turned_to_are_reached_by_their_time(admin_client, put_job, monkeypatch):
    monkeypatch.setattr("pipeline.long_lists.LISTED", 4)
    monkeypatch.setattr("training.admin.jobs.TrainingJobAdmin.list_per_page", 2)
    jobs = [put_job() for _ in range(7)]
    for number, job in enumerate(jobs):
        TrainingJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=number))
    page = admin_client.get(JOBS).content.decode()
    assert "The first 4 training jobs" in page
    (older,) = re.findall(r'<a href="([^"]+)">Older ones</a>', page)
    rest = admin_client.get(JOBS + unescape(older))
    assert "Older ones" not in rest.content.decode()
    seen = listed(admin_client, JOBS) | listed(admin_client, JOBS, "?p=2")
    for number in (1, 2):
        seen |= listed(admin_client, JOBS, f"{unescape(older)}&p={number}")
    assert seen == {job.pk for job in jobs}


def test_lists_are_sorted_by_their_time_alone(admin_client, put_job):
    first, second = put_job(attempt=1), put_job(attempt=2)
    for order in (-1, 2, 4, 8, 10, 99):
        (one, two) = [row.pk for row in admin_client.get(f"{JOBS}?o={order}").context["cl"].result_list]
        assert {one, two} == {first.pk, second.pk}
        is_by_time = order == 10  # the last column
        assert (one == first.pk) == is_by_time, order


def test_an_action_takes_no_more_than_can_be_looked_over(admin_client, make_dataset, monkeypatch):
    monkeypatch.setattr("pipeline.long_lists.MOST_AT_ONCE", 1)
    one, _ = make_dataset(), make_dataset()
    fields = {"action": "delete_selected", "_selected_action": [str(one.pk)], "select_across": "1"}
    answer = admin_client.post(DATASETS, fields, follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["Select at most 1 at a time."]


def test_a_page_shows_no_more_of_its_history_than_can_be_read(admin_client, put_job, dataset):
    job = put_job()
    JobEvent.objects.bulk_create(
        JobEvent(job=job, actor=f"rack-7-{number}-", to_status="queued") for number in range(120)
    )
    page = admin_client.get(f"{JOBS}{job.pk}/change/").content.decode()
    assert page.count("rack-7-") == 100
    assert "rack-7-119-" in page
    for number in range(2, 122):
        file = ContentFile(b"", name="c.jsonl")
        dataset.versions.create(number=number, file=file, file_name=f"file-{number}.jsonl", file_size=1)
    page = admin_client.get(f"{DATASETS}{dataset.pk}/change/").content.decode()
    assert page.count("file-") == 100


def test_who_has_jobs_is_not_deleted_nor_are_all_of_them_listed(admin_client, put_job, user, dataset):
    for _ in range(3):
        put_job()
    for path, row in (("/admin/auth/user/", user), (DATASETS, dataset)):
        page = admin_client.get(f"{path}{row.pk}/delete/").content.decode()
        assert page.count("training jobs, which refer to it") == 1
        admin_client.post(f"{path}{row.pk}/delete/", {"post": "yes"})
        assert type(row).objects.filter(pk=row.pk).exists()


QUERIES = [
    "q", "p", "o", "all", "e", "_to_field", "_popup", "created", "age", "gpu", "alive", "device", "status__exact",
    "status__regex", "status__in", "id__exact", "id__in", "user__id__exact", "user__username__regex",
    "dataset__id__exact", "created_at__lte", "created_at__year", "worker", "nonsense", "a__b__c",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "values"),
    [(JOBS, ["%00", "²", "9" * 5000, "-1", "("]), ("/admin/training/worker/", ["%00"]), ("/admin/auth/user/", ["-1"])],
)
def test_no_address_of_a_list_breaks(admin_client, put_job, path, values):
    put_job()
    admin_client.raise_request_exception = False
    for query in QUERIES:
        for value in values:
            assert admin_client.get(f"{path}?{query}={value}").status_code in (200, 302, 400, 403), (query, value)


@pytest.mark.parametrize("path", [JOBS, "/admin/training/jobevent/", "/admin/accounts/apitoken/"])
def test_no_address_or_choice_of_a_row_breaks(admin_client, put_job, path):
    put_job()
    admin_client.raise_request_exception = False
    for value in HOSTILE:
        for page in ("change", "history", "delete"):
            answer = admin_client.get(f"{path}{value}/{page}/", follow=True)
            assert answer.status_code in (200, 400, 403, 404), (value, page)
    for action in ("cancel_jobs", "delete_selected", "x"):
        for chosen in ("\0", "not an id", "9" * 5000):
            answer = admin_client.post(path, {"action": action, "_selected_action": [chosen]}, follow=True)
            assert answer.status_code in (200, 400, 403), (action, chosen)


def test_no_search_for_a_choice_breaks(admin_client):
    admin_client.raise_request_exception = False
    for value in HOSTILE:
        about = "app_label=training&model_name=trainingjob&field_name=dataset"
        answer = admin_client.get(f"/admin/autocomplete/?term={value}&{about}")
        assert answer.status_code in (200, 400, 403, 404), value
