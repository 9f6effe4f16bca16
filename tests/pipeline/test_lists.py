"""Lists in HTML and in the API, turned by their links and cursors: every one of them alike."""

import re
from html import unescape

import pytest
from django.core.files.base import ContentFile

from datasets.models import Dataset
from notifications.models import Notification
from training.models import TrainingJob

pytestmark = pytest.mark.django_db
HOSTILE = ["x", "a.b.c", "²", "9" * 5000, "..", "WyJhZnRlciJd.x"]


@pytest.fixture
def jobs(put_job):
    def make(count):
        for _ in range(count):
            put_job()
        TrainingJob.objects.update(created_at=TrainingJob.objects.first().created_at)

    return make


@pytest.fixture
def datasets(user):
    def make(count):
        Dataset.objects.bulk_create(Dataset(user=user, name=f"Chats {number}") for number in range(count))

    return make


@pytest.fixture
def notifications(user):
    def make(count):
        Notification.objects.bulk_create(
            Notification(user=user, type="job_queued", title="Queued", action_url="/") for _ in range(count)
        )

    return make


PAGES = {
    "jobs": ("/training/jobs", r'href="/training/jobs/([0-9a-f-]{36})"', 20),
    "datasets": ("/datasets", r'href="/datasets/([0-9a-f-]{36})"', 20),
    "notifications": ("/notifications", r'action="/notifications/([0-9a-f-]{36})/open"', 30),
}


@pytest.fixture(params=PAGES)
def listed(request, signed_in):
    """A list's address, how to fill it, and what a page of it shows: ids, and where its links lead."""
    path, pattern, size = PAGES[request.param]
    make = request.getfixturevalue(request.param)

    def look(query=""):
        answer = signed_in.get(f"{path}{query}")
        assert answer.status_code == 200
        page = answer.content.decode()
        links = {rel: unescape(href) for href, rel in re.findall(r'href="(\?[^"]*)" rel="(\w+)"', page)}
        return re.findall(pattern, page), links, page

    return path, make, look, size


def test_a_list_is_turned_to_its_end_and_back(listed):
    _, make, look, size = listed
    make(2 * size + 5)
    seen, links, page = look()
    assert set(links) == {"next"}
    assert f"{2 * size + 5} " in page
    while "next" in links:
        found, links, _ = look(links["next"])
        assert "prev" in links
        seen += found
    assert len(seen) == len(set(seen)) == 2 * size + 5
    back, links, _ = look(links["prev"])
    assert back == seen[size : 2 * size]
    assert {"prev", "next"} == set(links)


def test_the_first_page_has_one_address_which_turning_back_leads_to(listed, signed_in):
    path, make, look, size = listed
    make(size + 1)
    _, links, _ = look()
    _, links, _ = look(links["next"])
    answer = signed_in.get(path + links["prev"])
    assert (answer.status_code, answer["Location"]) == (302, path)


def test_a_bad_cursor_leads_to_the_first_page(listed, signed_in):
    path, make, _, _ = listed
    make(1)
    for cursor in HOSTILE:
        answer = signed_in.get(f"{path}?cursor={cursor}&status=ready")
        assert (answer.status_code, answer["Location"]) == (302, f"{path}?status=ready"), cursor


def test_an_outdated_cursor_leads_to_the_first_page(listed, signed_in):
    path, make, look, size = listed
    make(size + 1)
    _, links, _ = look()
    for model in (TrainingJob, Notification, Dataset):
        model.objects.all().delete()
    assert signed_in.get(path + links["next"])["Location"] == path


def test_another_lists_cursor_leads_to_the_first_page(signed_in, jobs, notifications):
    jobs(21), notifications(31)
    (cursor,) = re.findall(r'href="(\?cursor=[^"]*)" rel="next"', signed_in.get("/training/jobs").content.decode())
    assert signed_in.get(f"/notifications{cursor}")["Location"] == "/notifications"


def test_more_than_can_be_counted_cheaply_is_said_to_be_more(listed, monkeypatch):
    monkeypatch.setattr("pipeline.pagination.COUNTED", 25)
    _, make, look, size = listed
    make(size + 10)
    assert ">25+ " in look()[2]


def test_a_list_that_fits_has_no_pager(listed):
    _, make, look, size = listed
    make(size)
    assert 'class="pager"' not in look()[2]


def test_queries_do_not_grow_with_the_list(listed, django_assert_num_queries, signed_in):
    path, make, _, size = listed
    make(size + 1)
    choices = 2 if path == "/training/jobs" else 0  # data sets and base models
    with django_assert_num_queries(5 + choices):  # session, user, unread, rows, count
        signed_in.get(path)


def test_the_list_of_jobs_asks_again_for_the_page_and_the_filter_that_it_shows(signed_in, jobs):
    jobs(45)
    page = signed_in.get("/training/jobs?status=queued").content.decode()
    (older,) = re.findall(r'href="([^"]*)" rel="next"', page)
    page = signed_in.get(f"/training/jobs{unescape(older)}").content.decode()
    (asked,) = re.findall(r'hx-get="([^"]*)"', page)
    again = signed_in.get(unescape(asked), headers={"HX-Request": "true"}).content.decode()
    ids = re.compile(r'id="job-([0-9a-f-]{36})"')
    assert ids.findall(again) == ids.findall(page) != []
    assert re.findall(r'hx-get="([^"]*)"', again) == [asked]
    assert "status=queued" in asked


APIS = {"jobs": ("/api/jobs", "jobs"), "datasets": ("/api/datasets", "datasets")}


@pytest.fixture(params=[*APIS, "versions", "errors"])
def api_list(request, api, make_dataset):
    """An address of the API, the name of its rows, and how to have so many of them."""
    if request.param in APIS:
        path, name = APIS[request.param]
        return path, name, request.getfixturevalue(request.param)
    dataset = make_dataset()

    def make(count):
        if request.param == "errors":
            about = {"kind": "row_json", "severity": "error", "field": "", "reason": "x", "excerpt": ""}
            found = [about | {"line": line} for line in range(count)]
            Dataset.objects.filter(pk=dataset.pk).update(error_report=found)
        else:
            for number in range(2, count + 1):
                file = ContentFile(b"{}", name="chats.jsonl")
                dataset.versions.create(number=number, file=file, file_name="chats.jsonl", file_size=1)

    return f"/api/datasets/{dataset.pk}/{request.param}", request.param, make


def rows_of(api, path, name, **query):
    answer = api.get(path, query)
    assert answer.status_code == 200, answer.content
    data = answer.json()["data"]
    return data[name], data["pagination"]


def test_the_api_is_turned_by_cursor_both_ways(api, api_list):
    path, name, make = api_list
    make(7)
    whole, pagination = rows_of(api, path, name, limit=100)
    assert (len(whole), pagination["next"], pagination["previous"]) == (7, None, None)
    pages, cursor = [], None
    while cursor or not pages:
        rows, pagination = rows_of(api, path, name, limit=3, **({"cursor": cursor} if cursor else {}))
        pages.append(rows)
        cursor = pagination["next"]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [row for page in pages for row in page] == whole
    assert [pagination[key] for key in ("page", "limit", "total", "totalPages")] == [None, 3, None, None]
    while cursor := pagination["previous"]:
        rows, pagination = rows_of(api, path, name, limit=3, cursor=cursor)
        assert rows == pages.pop(-2)
    assert len(pages) == 1


def test_a_page_by_number_says_where_its_neighbours_are(api, api_list):
    path, name, make = api_list
    make(7)
    whole, _ = rows_of(api, path, name, limit=100)
    for page in (1, 2, 3):
        rows, pagination = rows_of(api, path, name, limit=3, page=page)
        assert rows == whole[3 * (page - 1) : 3 * page]
        assert [pagination[key] for key in ("page", "total", "totalPages")] == [page, 7, 3]
        if cursor := pagination["next"]:
            assert rows_of(api, path, name, limit=3, cursor=cursor)[0] == whole[3 * page : 3 * page + 3]
        if cursor := pagination["previous"]:
            assert rows_of(api, path, name, limit=3, cursor=cursor)[0] == whole[3 * page - 6 : 3 * page - 3]
    assert rows_of(api, path, name, page=10**9)[0] == []


def test_a_page_has_one_name(api, api_list):
    path, name, make = api_list
    make(7)
    _, pagination = rows_of(api, path, name, limit=3)
    answer = api.get(path, {"cursor": pagination["next"], "page": 2})
    assert answer.status_code == 400
    assert answer.json()["details"] == {"cursor": ["Give a page or a cursor, not both."]}


def test_a_bad_page_limit_or_cursor_is_named(api, api_list):
    path, _, make = api_list
    make(1)
    for key in ("page", "limit", "cursor"):
        for value in HOSTILE:
            answer = api.get(f"{path}?{key}={value}")
            assert answer.status_code == 400
            assert list(answer.json()["details"]) == [key]


def test_a_cursor_of_another_list_is_refused(api, jobs, datasets):
    jobs(2), datasets(2)
    _, pagination = rows_of(api, "/api/jobs", "jobs", limit=1)
    answer = api.get("/api/datasets", {"cursor": pagination["next"]})
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["cursor"]


def test_many_rows_are_counted_now_and_then(api, datasets, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("pipeline.pagination.COUNTED_AT_ONCE", 3)
    datasets(7)
    first = rows_of(api, "/api/datasets", "datasets", limit=2)[1]
    with django_assert_num_queries(3):  # token with its user, count to the bound, rows
        again = rows_of(api, "/api/datasets", "datasets", limit=2)[1]
    assert first["total"] == again["total"] == 7


def test_the_versions_on_a_datasets_page_are_turned_too(signed_in, dataset):
    for number in range(2, 14):
        dataset.versions.create(number=number, file_name="chats.jsonl", file_size=1)
    found, links = re.compile(r"<strong>Version (\d+)</strong>"), re.compile(r'href="([^"]*)" rel="(\w+)"')
    path = f"/datasets/{dataset.pk}"
    first = signed_in.get(path).content.decode()
    (older, rel) = links.findall(first)[0]
    second = signed_in.get(unescape(older).partition("#")[0]).content.decode()
    assert (rel, len(found.findall(first)), found.findall(second)) == ("next", 10, ["3", "2", "1"])
    for cursor in HOSTILE:
        assert found.findall(signed_in.get(f"{path}?versions={cursor}").content.decode()) == found.findall(first)


def test_of_many_datasets_to_evaluate_on_the_newest_are_offered_and_the_chosen_one(
    signed_in, make_dataset, user, monkeypatch
):
    monkeypatch.setattr("datasets.web.forms.changes.OTHERS_LISTED", 2)
    chosen = make_dataset(name="Chosen")
    Dataset.objects.bulk_create(
        Dataset(user=user, name=f"Other {number}", status="ready", training_ready=True) for number in range(4)
    )
    dataset = make_dataset(evaluation_dataset=chosen)
    page = signed_in.get(f"/datasets/{dataset.pk}").content.decode()
    options = re.findall(r">(Chosen|Other \d)</option>", page)
    assert options[0] == "Chosen"
    assert len(options) == 3
    other = Dataset.objects.get(name="Other 0")
    form = {"evaluation_percent": "", "split_seed": "1", "evaluation_dataset": str(other.pk)}
    signed_in.post(f"/datasets/{dataset.pk}/split", form)
    dataset.refresh_from_db()
    assert dataset.evaluation_dataset == other
