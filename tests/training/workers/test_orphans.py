"""Files that belong to nothing go, and whatever belongs to something stays, however it came about."""

import os
import time
import uuid
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

import datasets.tasks
import training.tasks
from datasets import services
from datasets.models import Dataset, DatasetVersion, TokenCache
from training.models import Artifact, TrainingJob

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3600.0


@pytest.fixture(autouse=True)
def folders(settings, tmp_path, catalogue):
    settings.VAR_DIR, settings.MEDIA_ROOT, settings.RUNS_DIR = tmp_path, tmp_path / "media", tmp_path / "runs"
    settings.UPLOADING_DIR = tmp_path / "uploading"


@pytest.fixture
def things(make_dataset, put_job, dataset, tmp_path):
    """What makes a file of each kind that may be there; returns its path."""

    def stored(name):
        return Path(default_storage.path(default_storage.save(name, ContentFile(b"x" * 100))))

    def local(*parts):
        path = tmp_path.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100)
        return path

    def cache(version):
        made = TokenCache(version=version, fingerprint=uuid.uuid4().hex * 2, tokenizer="tiny")
        made.file.save("cache.arrow", ContentFile(b"tokens"))
        made.left_out.save("left-out.csv", ContentFile(b"line"))
        return made

    def deleted():
        gone = make_dataset()
        Dataset.objects.filter(pk=gone.pk).update(deleted_at=timezone.now(), training_ready=False)
        return gone

    def read_again_and_first_gone():
        """The version of an id that is no row's any more has its file in use."""
        again = make_dataset()
        services.dataset_read_again(dataset=again, shape="text", mapping={}, tool_calls="ignore")
        DatasetVersion.objects.filter(dataset=again, number=1).delete()
        return Path(again.versions.get().file.path)

    def report():
        version = make_dataset().version
        version.left_out.save("left-out.csv", ContentFile(b"line"))
        return Path(version.left_out.path)

    def artifact(kind):
        job = put_job("completed")
        name = default_storage.save(f"adapters/{job.pk}-1-{kind}.zip", ContentFile(b"zip"))
        Artifact.objects.create(job=job, kind=kind, file=name, file_name="a.zip", size=3, sha256="")
        return Path(default_storage.path(name))

    return {
        # These belong to something.
        "version": lambda: Path(make_dataset().version.file.path),
        "version read again": read_again_and_first_gone,
        "version's report": report,
        "cache": lambda: Path(cache(dataset.version).file.path),
        "cache's report": lambda: Path(cache(dataset.version).left_out.path),
        "pass that may go on": lambda: local("reading", f"{dataset.version.pk}-0123456789abcdef", "part-0.json"),
        "file that a pass copied": lambda: local("reading", "tmpabc", "copy.jsonl"),
        "adapter": lambda: artifact("adapter"),
        "partial adapter": lambda: artifact("partial"),
        "run under way": lambda: local("runs", str(put_job("running").pk), "state.pt"),
        "run to be continued": lambda: local("runs", str(put_job("failed").pk), "state.pt"),
        "journal": lambda: local("runs", "trainers.jsonl"),
        "another's file in storage": lambda: stored("elsewhere/x"),
        # These do not.
        "-of a version that is gone": lambda: stored(f"datasets/{uuid.uuid4()}.jsonl"),
        "-of a deleted data set": lambda: Path(deleted().version.file.path),
        "-cache of a deleted data set": lambda: Path(cache(deleted().version).file.path),
        "-half written": lambda: stored(f"datasets/{dataset.version.pk}.jsonl.{uuid.uuid4().hex}.part"),
        "-cache that was replaced": lambda: stored(f"datasets/{dataset.version.pk}-0123456789abcdef_abc1234.arrow"),
        "-name of no kind": lambda: stored("datasets/notes.txt"),
        "-adapter of a lost attempt": lambda: stored(f"adapters/{put_job('running').pk}-1-adapter.zip"),
        "-adapter of a deleted job": lambda: stored(f"adapters/{uuid.uuid4()}-1-adapter.zip"),
        "-run of a deleted job": lambda: local("runs", str(uuid.uuid4()), "checkpoints", "state.pt"),
        "-pass over a version that is gone": lambda: local("reading", f"{uuid.uuid4()}-01234567", "part-0.json"),
        "-upload that broke off": lambda: local("uploading", "tmp123.upload"),
    }  # fmt: skip


def by_command():
    call_command("orphans", "--delete", stdout=StringIO())


def by_the_hour():
    datasets.tasks.prune()
    training.tasks.prune()


def age(tmp_path, seconds):
    for path in tmp_path.rglob("*"):
        os.utime(path, (time.time() - seconds,) * 2)


@pytest.mark.parametrize("remove", [by_command, by_the_hour])
def test_what_belongs_to_nothing_goes_once_it_is_old_and_all_else_stays(things, tmp_path, remove):
    paths = {name: make() for name, make in things.items()}
    age(tmp_path, HOUR / 2)
    remove()
    assert [name for name, path in paths.items() if not path.exists()] == []
    age(tmp_path, HOUR * 2)
    remove()
    assert {name for name, path in paths.items() if not path.exists()} == {name for name in things if name[0] == "-"}
    assert TrainingJob.objects.count() == 5


def test_the_command_lists_them_with_sizes_and_removes_nothing_unless_told(things, tmp_path, user):
    gone = things["adapter"]()
    paths = [make() for name, make in things.items() if name[0] == "-"]
    gone.unlink()
    age(tmp_path, HOUR * 2)
    output = StringIO()
    call_command("orphans", stdout=output)
    said = output.getvalue()
    for path in paths:
        stored = path.is_relative_to(tmp_path / "media")
        names = [path.relative_to(tmp_path / "media")] if stored else [path, path.parent, path.parents[1]]
        assert any(f"{name}  (" in said for name in names), said
        assert path.exists()
    assert (
        f"Files and folders that belong to nothing: {len(paths) + 2}," in said
    )  # a cache has a report, and a data set
    assert f"adapters/{gone.name}  (gone, a.zip of job" in said
    assert "Rows whose file is gone: 1" in said
    assert "100 bytes, of no data set" in said


def test_a_file_of_a_row_that_is_still_to_be_committed_stays_while_it_is_young(put_job, tmp_path):
    """An attempt stores its adapter, and says so with the move that ends it."""
    name = default_storage.save(f"adapters/{put_job('running').pk}-1-adapter.zip", ContentFile(b"zip"))
    by_the_hour()
    assert default_storage.exists(name)
    os.utime(default_storage.path(name), ((timezone.now() - timedelta(minutes=59)).timestamp(),) * 2)
    by_the_hour()
    assert default_storage.exists(name)
