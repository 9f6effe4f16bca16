"""Uploads stream to disk and end at the limit; names lead nowhere."""

import contextlib
import hashlib
import http.client
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile

from datasets.models import Dataset, DatasetVersion

pytestmark = pytest.mark.django_db

CONTENT = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'


def send(client, file_name="chats.jsonl", content=CONTENT, **values):
    return client.post("/datasets/upload", {"file": SimpleUploadedFile(file_name, content), **values})


def stored(settings):
    """All files that are left of uploads, finished or not."""
    folders = [Path(settings.MEDIA_ROOT) / "datasets", settings.VAR_DIR / "uploading"]
    return {path for folder in folders if folder.exists() for path in folder.iterdir()}


def test_an_upload_is_stored_under_its_versions_id_and_leads_to_its_page(signed_in, user):
    answer = send(signed_in, file_name="../../etc/my chats.jsonl.gz")
    dataset = Dataset.objects.get()
    version = dataset.version
    assert answer["Location"] == f"/datasets/{dataset.pk}"
    assert (dataset.user, dataset.name, dataset.status) == (user, "my chats", "uploaded")
    assert (version.number, version.file_name, version.file_size) == (1, "my chats.jsonl.gz", len(CONTENT))
    assert version.file.name == f"datasets/{version.pk}.jsonl.gz"
    with version.file.open("rb") as file:
        assert file.read() == CONTENT


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fx.jsonl", "a\\..\\b.jsonl", "/etc/x.jsonl", "x.jsonl/../y.json", "é😀.jsonl", "a" * 300 + ".jsonl"],
)
def test_no_name_leads_out_of_the_folder(signed_in, settings, name):
    before = stored(settings)
    send(signed_in, file_name=name)
    (path,) = stored(settings) - before
    assert path.parent == Path(settings.MEDIA_ROOT) / "datasets"
    assert path.stem == str(DatasetVersion.objects.get().pk)


def test_a_name_can_be_given(signed_in):
    send(signed_in, name="Support, March")
    assert Dataset.objects.get().name == "Support, March"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("chats.exe", CONTENT, "A dataset is one of .jsonl"),
        ("chats.gz", CONTENT, "A dataset is one of .jsonl"),
        ("chats.jsonl", b"", "empty"),
    ],
)
def test_what_is_no_dataset_by_its_name_is_refused_with_the_reason(signed_in, name, content, says):
    answer = send(signed_in, file_name=name, content=content)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Dataset.objects.exists()


def test_no_file_at_all_is_refused(signed_in):
    assert signed_in.post("/datasets/upload", {"name": "x"}).status_code == 422


@pytest.mark.parametrize("size", [1001, 70_000, 3_000_000])
def test_a_file_over_the_limit_is_a_413_and_nothing_is_stored(signed_in, api, settings, size):
    settings.DATASET_MAX_BYTES = 1000
    before = stored(settings)
    answer = send(signed_in, content=b"x" * size)
    assert answer.status_code == 413
    assert "larger than the limit" in answer.content.decode()
    answer = api.post("/api/datasets", {"file": SimpleUploadedFile("d.jsonl", b"x" * size)}, format="multipart")
    assert answer.status_code == 413
    assert "larger than the limit" in answer.json()["error"]
    assert not Dataset.objects.exists()
    assert stored(settings) == before


def test_a_file_at_the_limit_is_taken(signed_in, settings):
    settings.DATASET_MAX_BYTES = len(CONTENT)
    assert send(signed_in).status_code == 302


def test_a_form_without_its_token_is_refused(client, user):
    client.handler.enforce_csrf_checks = True
    client.force_login(user)
    assert send(client).status_code == 403
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("path", ["/datasets/upload"])
def test_signing_in_comes_before_sending(client, path):
    assert client.post(path, {"file": SimpleUploadedFile("d.jsonl", CONTENT)})["Location"].startswith("/login")


def test_a_changed_file_is_a_new_version_and_the_same_file_is_not(signed_in, settings):
    send(signed_in)
    dataset = Dataset.objects.get()
    url = f"/datasets/{dataset.pk}/upload"
    answer = signed_in.post(url, {"file": SimpleUploadedFile("again.jsonl", CONTENT)})
    assert answer.status_code == 422
    assert "the same as version 1" in answer.content.decode()
    answer = signed_in.post(url, {"file": SimpleUploadedFile("more.jsonl", CONTENT * 2)})
    assert answer["Location"] == f"/datasets/{dataset.pk}"
    dataset.refresh_from_db()
    assert (dataset.version.number, dataset.version.file_name, dataset.versions.count()) == (2, "more.jsonl", 2)
    assert dataset.status == "uploaded"
    first = signed_in.get(f"/datasets/{dataset.pk}/versions/1/download")
    assert b"".join(first.streaming_content) == CONTENT


def test_while_it_is_validated_there_is_no_new_version(signed_in, make_dataset):
    dataset = make_dataset(status="validating", training_ready=False)
    answer = signed_in.post(f"/datasets/{dataset.pk}/upload", {"file": SimpleUploadedFile("d.jsonl", CONTENT)})
    assert answer.status_code == 422
    assert "is being validated" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("copies", "status"), [(20, 201), (40_000, 413)])
def test_a_body_sent_in_chunks_without_a_length_is_taken_up_to_the_limit(small_web, token, copies, status):
    host, port = small_web
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="d.jsonl"\r\n\r\n'
    connection = http.client.HTTPConnection(host, port, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=b"}

    def body():
        yield head
        for _ in range(copies // 20):
            yield CONTENT * 20
        yield b"\r\n--b--\r\n"

    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has answered, and hung up on the rest
        connection.request("POST", "/api/datasets", body(), headers, encode_chunked=True)
    answer = connection.getresponse()
    content = json.load(answer)
    assert answer.status == status, content
    if status == 201:
        assert content["data"]["version"]["file_size"] == len(CONTENT) * copies
    else:
        assert not Dataset.objects.exists()


@pytest.mark.parametrize("content", [CONTENT, CONTENT * 40_000], ids=["in one piece", "in many"])
def test_what_identifies_an_upload_is_known_once_it_is_in_and_nobody_reads_it_again(signed_in, monkeypatch, content):
    def read_again(*_):
        raise AssertionError("the file was read again")

    monkeypatch.setattr(TemporaryUploadedFile, "chunks", read_again)
    assert send(signed_in, content=content).status_code == 302
    assert DatasetVersion.objects.get().sha256 == hashlib.sha256(content).hexdigest()
