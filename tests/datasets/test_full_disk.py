"""A disk that is full or cannot be written to: a clear answer, no half file, nothing lost, and then it goes on."""

import json
import os
from functools import partial
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from datasets import cleanup, services, validation
from datasets.models import Dataset
from pipeline.outages import outage
from tests.small_disk import CannotMount, small_disk
from training.jobs import lifecycle
from training.workers import artifacts, attempt

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = "".join(json.dumps({"prompt": f"Question {n}?", "completion": "An answer. " * 40}) + "\n" for n in range(2000))


@pytest.fixture
def disk(settings, tmp_path, catalogue):
    """All that is stored, uploaded and read lies on it."""
    try:
        with small_disk(tmp_path / "disk", "8m") as disk:
            settings.VAR_DIR, settings.MEDIA_ROOT = disk.folder, disk.folder / "media"
            settings.RUNS_DIR = tmp_path / "runs"
            settings.MEDIA_ROOT.mkdir()
            yield disk
    except CannotMount as error:
        pytest.skip(f"no file system can be mounted here: {error}")


def full(disk):
    disk.fill()
    return disk.empty


def read_only(disk):
    disk.read_only(True)
    return partial(disk.read_only, False)


def by_page(client, api):
    return client.post("/datasets/upload", {"name": "Mine", "format": "", "file": a_file()})


def by_api(client, api):
    return api.post("/api/datasets", {"name": "Mine", "file": a_file()}, format="multipart")


def a_file():
    return SimpleUploadedFile("rows.jsonl", ROWS.encode())


def files(disk):
    return [path for path in disk.folder.rglob("*") if path.is_file() and path.name != ".ballast"]


@pytest.mark.parametrize(("spoil", "status", "words"), [
    (full, 507, "The server's disk is full, so nothing was stored."),
    (read_only, 503, "storage cannot be written to at the moment, so nothing was stored."),
])  # fmt: skip
@pytest.mark.parametrize("upload", [by_page, by_api])
def test_an_upload_is_refused_in_words_and_leaves_nothing(disk, signed_in, api, spoil, status, words, upload):
    signed_in.raise_request_exception = False
    mend = spoil(disk)
    answer = upload(signed_in, api)
    assert answer.status_code == status
    assert answer.headers["Retry-After"] == "60"
    assert words in answer.content.decode().replace("&#x27;", "'")
    assert files(disk) == []
    assert not Dataset.objects.exists()
    mend()
    assert upload(signed_in, api).status_code in (201, 302)
    assert Path(Dataset.objects.get().version.file.path).read_bytes() == ROWS.encode()


def test_what_does_not_fit_to_its_end_is_not_stored_at_all(disk, signed_in, api):
    """It came in whole, and then storage, another file system, has room for its beginning only."""
    signed_in.raise_request_exception = False
    room = disk.folder / "room"
    room.write_bytes(b"x" * (len(ROWS) * 3 // 2))
    disk.fill()
    room.unlink()
    assert by_api(signed_in, api).status_code in (201, 507)
    assert [path.stat().st_size for path in files(disk)] in ([], [len(ROWS)])


def test_a_deletion_is_done_although_storage_does_not_let_go_of_the_file(disk, api, user):
    """Nobody can take it back: the file is an orphan, and goes later."""
    dataset = services.dataset_upload(user=user, name="Mine", file=a_file())
    mend = read_only(disk)
    assert api.delete(f"/api/datasets/{dataset.pk}").status_code == 200
    assert api.get(f"/api/datasets/{dataset.pk}").status_code == 404
    mend()
    for path in files(disk):
        os.utime(path, (0, 0))
    cleanup.prune()
    assert files(disk) == []


@pytest.mark.parametrize("spoil", [full, read_only])
def test_a_validation_waits_and_is_done_later(disk, user, tokenizer_of_the_tiny_model, spoil):
    dataset = services.dataset_upload(user=user, name="Mine", file=a_file())
    mend = spoil(disk)
    for _ in range(5):  # as often as it is told: that says nothing of the file
        validation.validate(dataset.pk)
        dataset.refresh_from_db()
        assert (dataset.status, dataset.tries, dataset.error_report) == ("uploaded", 0, [])
    mend()
    validation.validate(dataset.pk)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.total_rows) == ("ready", 2000)


@pytest.mark.parametrize("spoil", [full, read_only])
def test_an_adapter_waits_for_storage(disk, put_job, tmp_path, monkeypatch, spoil):
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"w" * 200_000)
    job = put_job("queued")
    job = lifecycle.claim(type(job).objects.filter(pk=job.pk), worker="w1")
    lifecycle.start_running(job, device="cpu", device_name="CPU")
    mend, tries = spoil(disk), []

    def store(*about):
        if len(tries) == 2:
            mend()
        tries.append(about)
        return artifacts.store(*about)

    kept = attempt._patiently(partial(store, job, folder, "adapter"), is_wanted=lambda: True)
    assert len(tries) == 3
    assert [path.name for path in (disk.folder / "media" / "adapters").iterdir()] == [Path(str(kept.file)).name]
    assert kept.file.size == kept.size > 200_000


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("connection refused"), 503),
        (InterfaceError("connection already closed"), 503),
        (DatabaseError("syntax error"), None),
        (OSError(28, "No space left on device"), 507),
        (OSError(122, "Disk quota exceeded"), 507),
        (OSError(27, "File too large"), 507),
        (OSError(30, "Read-only file system"), 503),
        (FileNotFoundError(2, "No such file"), None),
        (PermissionError(13, "Permission denied"), None),
        (OSError("of no number"), None),
        (ValueError("wrong"), None),
    ],
    ids=str,
)
def test_what_will_pass_is_told_from_what_is_broken(error, status):
    found = outage(error)
    assert (found.status if found else None) == status


def test_a_statement_that_took_too_long_is_no_database_that_is_away(db):
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 10")
        with pytest.raises(OperationalError) as caught:
            cursor.execute("SELECT pg_sleep(1)")
    connection.close()
    assert outage(caught.value) is None
