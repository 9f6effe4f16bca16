"""A back-up is made while people work, and brings all of it back: the same jobs, adapters that load, who was there."""

import contextlib
import hashlib
import http.cookiejar
import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.parse
import urllib.request
import zipfile
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from safetensors.numpy import load, save_file

from datasets import services
from pipeline.accounts.models import ApiToken
from pipeline.embedded import socket_dir
from tests.small_disk import CannotMount, small_disk
from training.jobs import lifecycle
from training.models import JobEvent, JobMetric, Tally, TrainingJob
from training.workers import artifacts

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def places(settings, tmp_path, catalogue):
    settings.VAR_DIR, settings.MEDIA_ROOT, settings.RUNS_DIR = tmp_path, tmp_path / "media", tmp_path / "runs"
    (tmp_path / "secret_key").write_text(settings.SECRET_KEY)


@pytest.fixture
def adapter(tmp_path):
    """A folder as the trainer leaves it."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    save_file({"lora_A": np.arange(64, dtype=np.float32)}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text("{}")
    return folder


@pytest.fixture
def history(user, dataset, put_job, adapter, settings):
    """Jobs of every status, with what they have."""
    for status in ("completed", "failed", "cancelled", "queued"):
        job = put_job(status)
        JobEvent.objects.create(job=job, actor="ada", to_status="queued", reason="Created")
        JobMetric.objects.bulk_create(JobMetric(job=job, step=step, epoch=1, loss=2.0) for step in (1, 2))
        if status == "completed":
            artifacts.store(job, adapter, "adapter").save()
        if status == "failed":
            checkpoint = settings.RUNS_DIR / str(job.pk) / "checkpoints" / "step-00000001" / "state.pt"
            checkpoint.parent.mkdir(parents=True)
            checkpoint.write_bytes(os.urandom(100))
            (checkpoint.parents[1] / "draft-2").mkdir()
            (checkpoint.parents[1] / "draft-2" / "state.pt").write_bytes(b"half")
    lifecycle.claim(TrainingJob.objects.filter(status="queued"), worker="w1")
    return TrainingJob.objects.all()


def backup(target, *options):
    output = StringIO()
    call_command("backup", str(target), *options, stdout=output)
    return output.getvalue()


def facts():
    """What must be the same afterwards."""
    return {
        "jobs": sorted(TrainingJob.objects.values_list("pk", "status", "attempt", "hyperparameters"), key=str),
        "events": JobEvent.objects.count(),
        "metrics": JobMetric.objects.count(),
        "moves": Tally.objects.totals()["moves"],
    }


@contextlib.contextmanager
def restored(source, *, also=""):
    """An installation of its own that the back-up was restored into, with its web server: its address."""
    with tempfile.TemporaryDirectory(prefix="pipeline-restored-", dir="/tmp") as folder:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        python = f'"{sys.executable}"'
        script = f"{python} manage.py restore {source} && {also} exec {python} manage.py runserver --noreload {port}"
        own = {"DATABASE_URL", "REDIS_URL", "PIPELINE_SECRET_KEY"}
        environment = {name: value for name, value in os.environ.items() if name not in own}
        environment |= {"PIPELINE_VAR": folder, "PIPELINE_DEBUG": "true"}
        with Path(folder, "output").open("w+b") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.embedded", "--", "sh", "-c", script],
                cwd=ROOT, env=environment, stdout=output, stderr=output,
            )  # fmt: skip
            try:
                wait_until_it_answers(port, process, Path(folder, "output"))
                yield f"http://127.0.0.1:{port}", Path(folder)
            finally:
                process.terminate()
                process.wait(30)


def wait_until_it_answers(port, process, output):
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise AssertionError(output.read_text())


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_what_was_backed_up_while_people_worked_is_all_there_again(
    client, history, user, dataset, tmp_path, name, settings
):
    user.set_password("correct horse battery")
    user.save()
    client.force_login(user)
    token = ApiToken.objects.create(user)[1]
    before = facts()
    job = history.get(status="completed")
    target = tmp_path / name
    with people_at_work(user):
        said = backup(target)
    assert "files" in said
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    if name == "copy":
        assert (target / "manifest.json").exists()
        assert [path.name for path in (target / "runs").rglob("draft-*")] == []
        return
    with restored(target) as (address, folder):
        assert json.load(urllib.request.urlopen(f"{address}/readyz"))["ready"] is True
        answered = get(f"{address}/api/jobs/{job.pk}/adapter", {"Authorization": f"Bearer {token}"})
        stored = job.artifacts.get()
        with stored.file.open("rb") as file:
            assert answered == file.read()
        with zipfile.ZipFile(BytesIO(answered)) as archive:
            weights = next(entry for entry in archive.namelist() if entry.endswith(".safetensors"))
            assert (load(archive.read(weights))["lora_A"] == np.arange(64)).all()
        for each in history:
            page = get(f"{address}{each.get_absolute_url()}", {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"})
            assert str(each.get_status_display()).encode() in page
        assert sign_in(address, "ada", "correct horse battery").endswith("/datasets")
        assert inside(folder, before)
        assert Path(folder, "secret_key").read_text() == settings.SECRET_KEY
        failed = history.get(status="failed")
        kept = Path("runs", str(failed.pk), "checkpoints", "step-00000001", "state.pt")
        assert (folder / kept).read_bytes() == (tmp_path / kept).read_bytes()
        assert not (folder / kept).parents[1].joinpath("draft-2").exists()


@contextlib.contextmanager
def people_at_work(user):
    """Uploads and deletions go on."""
    over = threading.Event()

    def work():
        try:
            while not over.is_set():
                made = services.dataset_upload(user=user, name="Meanwhile", file=ContentFile(b"{}\n", name="m.jsonl"))
                services.dataset_delete(made)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


def get(address, headers):
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as answer:
        return answer.read()


def sign_in(address, name, password):
    """The address where signing in leads to."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.open(f"{address}/login", timeout=60).read()
    form = {
        "username": name,
        "password": password,
        "csrfmiddlewaretoken": next(c.value for c in jar if "csrf" in c.name),
    }
    request = urllib.request.Request(
        f"{address}/login", data=urllib.parse.urlencode(form).encode(), headers={"Referer": f"{address}/login"}
    )
    with opener.open(request, timeout=60) as answer:
        return urllib.parse.urlsplit(answer.url).path


def inside(folder, before):
    """Whether the restored database says the same, asked directly."""
    with psycopg.connect(f"host={socket_dir(folder)} user=pipeline dbname=pipeline") as other:
        jobs = other.execute("SELECT id, status, attempt, hyperparameters FROM lora_training_jobs").fetchall()
        events = other.execute("SELECT count(*) FROM lora_job_events").fetchone()[0]
        metrics = other.execute("SELECT count(*) FROM lora_job_metrics").fetchone()[0]
        moves = other.execute("SELECT sum(count) FROM lora_tallies WHERE series = 'moves'").fetchone()[0]
    return (
        sorted(jobs, key=str) == before["jobs"]
        and (events, metrics) == (before["events"], before["metrics"])
        and moves == sum(total.count for total in before["moves"].values())
    )


def test_nothing_is_restored_over_people_or_files_unless_told(history, tmp_path):
    backup(tmp_path / "copy")
    with pytest.raises(CommandError, match="There are people in this database"):
        call_command("restore", str(tmp_path / "copy"))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "lacks manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "database.dump").write_bytes(b"x"), "database.dump in .* is damaged"),
        (lambda folder: next((folder / "media" / "datasets").iterdir()).write_bytes(b"x"), "is damaged"),
        (lambda folder: next((folder / "media" / "datasets").iterdir()).unlink(), "lacks media/datasets/"),
        (lambda folder: change(folder, format=2), "of format 2"),
        (lambda folder: change(folder, migrations=[["training", "9999_later"]]), "later version .*training 9999_later"),
        (lambda folder: break_dump(folder), "pg_restore failed"),
    ],
    ids=["no manifest", "no JSON", "dump", "file", "file missing", "format", "later version", "dump of nothing"],
)
def test_a_damaged_back_up_changes_nothing(history, tmp_path, spoil, words):
    backup(tmp_path / "copy")
    spoil(tmp_path / "copy")
    before = facts()
    with pytest.raises(CommandError, match=words):
        call_command("restore", str(tmp_path / "copy"), "--overwrite")
    assert facts() == before


def break_dump(folder):
    """What the manifest says it is, and still no dump: found out once the database is being replaced."""
    entries = json.loads((folder / "manifest.json").read_text())["entries"]
    content = (folder / "database.dump").read_bytes()[:2000]
    (folder / "database.dump").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    dump = {"name": "database.dump", "size": len(content), "sha256": digest}
    change(folder, entries=[dump if entry["name"] == dump["name"] else entry for entry in entries])


def change(folder, **values):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_full_disk_leaves_nothing_under_the_back_ups_name(history, tmp_path):
    try:
        with small_disk(tmp_path / "room", "64k") as disk:
            for name in ("copy", "copy.tar"):
                with pytest.raises(CommandError, match=r"No space left|could not write"):
                    call_command("backup", str(disk.folder / name))
                assert list(disk.folder.iterdir()) == []
    except CannotMount as error:
        pytest.skip(f"no file system can be mounted here: {error}")


def test_a_back_up_is_for_its_owner_alone_and_never_written_over(history, tmp_path):
    backup(tmp_path / "copy.tar")
    assert (tmp_path / "copy.tar").stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="is there already"):
        backup(tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "copy.tar") as tar:
        assert tar.getnames()[-1] == "manifest.json"
