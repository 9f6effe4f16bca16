"""The pages of data sets."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from datasets.models import Dataset

pytestmark = pytest.mark.django_db

CONTENT = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'


def send(client, file_name="chats.jsonl", content=CONTENT, **values):
    return client.post("/datasets/upload", {"file": SimpleUploadedFile(file_name, content), **values})


def test_an_upload_is_stored_under_its_id_and_leads_to_its_page(signed_in, user):
    answer = send(signed_in, file_name="../../etc/my chats.jsonl")
    dataset = Dataset.objects.get()
    assert answer["Location"] == f"/datasets/{dataset.pk}"
    assert (dataset.user, dataset.name, dataset.file_name) == (user, "my chats", "my chats.jsonl")
    assert (dataset.status, dataset.file_size) == ("uploaded", len(CONTENT))
    assert dataset.file.name == f"datasets/{dataset.pk}.jsonl"
    with dataset.file.open("rb") as file:
        assert file.read() == CONTENT


def test_a_name_can_be_given(signed_in):
    send(signed_in, name="Support, March")
    assert Dataset.objects.get().name == "Support, March"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("chats.exe", CONTENT, "A dataset is a JSON Lines file"),
        ("chats.jsonl", b"", "empty"),
    ],
)
def test_what_is_no_dataset_is_refused_with_the_reason(signed_in, name, content, says):
    answer = send(signed_in, file_name=name, content=content)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Dataset.objects.exists()


def test_no_file_at_all_is_refused(signed_in):
    assert signed_in.post("/datasets/upload", {"name": "x"}).status_code == 422


def test_a_file_over_the_limit_is_a_413_and_not_stored(signed_in, settings):
    settings.DATASET_MAX_BYTES = 1000
    answer = send(signed_in, content=CONTENT * 2000)
    assert answer.status_code == 413
    assert "larger than the limit" in answer.content.decode()
    assert not Dataset.objects.exists()
    assert send(signed_in, content=CONTENT * 20).status_code == 422


def test_the_list_is_empty_at_first_and_shows_only_ones_own(signed_in, make_dataset, other_user):
    assert "No datasets yet" in signed_in.get("/datasets").content.decode()
    make_dataset(name="Mine")
    make_dataset(name="Theirs", user=other_user)
    page = signed_in.get("/datasets").content.decode()
    assert "Mine" in page
    assert "1,000" in page
    assert "Theirs" not in page


def test_a_ready_dataset_leads_to_configuring_a_job(signed_in, dataset):
    page = signed_in.get(f"/datasets/{dataset.pk}").content.decode()
    assert f"/training/configure?datasetId={dataset.pk}" in page
    assert "hx-trigger" not in page.split('id="dataset-status"')[1].split(">")[0]


@pytest.mark.parametrize("status", ["uploaded", "validating"])
def test_a_dataset_on_its_way_updates_itself_and_cannot_be_trained_on(signed_in, make_dataset, status):
    dataset = make_dataset(status=status, training_ready=False, progress=40)
    page = signed_in.get(f"/datasets/{dataset.pk}/status").content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "configure" not in page
    assert "<html" not in page


def test_errors_are_shown_by_line(signed_in, make_dataset):
    errors = [{"line": 3, "reason": "Not valid <b>JSON</b>"}]
    dataset = make_dataset(status="error", training_ready=False, error_count=2500, error_report=errors)
    page = signed_in.get(f"/datasets/{dataset.pk}").content.decode()
    assert "2,500 problems found" in page
    assert "Not valid &lt;b&gt;JSON&lt;/b&gt;" in page
    assert "The first 1 of 2,500 are shown." in page


def test_the_file_can_be_downloaded_as_it_was(signed_in, dataset):
    answer = signed_in.get(f"/datasets/{dataset.pk}/download")
    assert b"".join(answer.streaming_content) == b'{"x": 1}\n'
    assert answer["Content-Disposition"] == 'attachment; filename="chats.jsonl"'


@pytest.mark.parametrize("page", ["", "/status", "/download"])
def test_another_users_dataset_looks_like_none(signed_in, make_dataset, other_user, page):
    theirs = make_dataset(user=other_user)
    assert signed_in.get(f"/datasets/{theirs.pk}{page}").status_code == 404
    assert signed_in.get(f"/datasets/{uuid.uuid4()}{page}").status_code == 404


@pytest.mark.parametrize("path", ["/datasets", "/datasets/upload"])
def test_signing_in_is_needed(client, path):
    assert client.get(path)["Location"] == f"/login?next={path}"
