"""Data as the first migrations knew them, brought up to today's: everything is still there, and every page opens."""

import hashlib
import io
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from datasets.models import Dataset
from notifications.models import Notification
from training.models import Artifact, JobEvent, JobMetric, Tally, TrainingJob

FIRST = [("datasets", "0001_initial"), ("training", "0002_catalogue"), ("notifications", "0001_initial")]
OTHERS = ("auth", "contenttypes", "sessions", "admin", "knox")
STATUSES = ("queued", "initializing", "running", "completed", "failed", "cancelled")
FINAL = STATUSES[3:]
DATASETS = ("uploaded", "validating", "ready", "error")
ROW = b'{"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."}]}\n'
ADAPTER = b"PK adapter"
HYPERPARAMETERS = {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16, "alpha": 32, "dropout": 0.05}


@pytest.fixture
def old_database(django_db_setup, django_db_blocker):
    """A database of its own, as far as the first migrations lead: the historical models."""
    name = f"upgrade_{uuid.uuid4().hex[:12]}"
    tests_own = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            executor = MigrationExecutor(connection)
            leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] in OTHERS]
            executor.migrate([*leaves, *FIRST])
            yield executor.loader.project_state([*leaves, *FIRST]).apps
        finally:
            connection.close()
            connection.settings_dict["NAME"] = tests_own
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Past:
    """What people had in those days."""

    def __init__(self, apps):
        self._apps = apps
        self.now = timezone.now()
        user = apps.get_model("auth", "User")
        self.ada = user.objects.create(
            username="ada", is_staff=True, is_superuser=True, password=make_password("lovelace1815")
        )
        self.datasets = {status: self._dataset(status) for status in DATASETS}
        self.jobs = {status: self._job(status) for status in STATUSES}
        self.token = self._token()

    def _dataset(self, status):
        key = uuid.uuid4()
        name = default_storage.save(f"datasets/{key}.jsonl", ContentFile(ROW))
        ready = status == "ready"
        self._apps.get_model("datasets", "Dataset").objects.create(
            id=key, user=self.ada, name=f"Chats {status}", file=name, file_name="chats.jsonl", file_size=len(ROW),
            status=status, training_ready=ready, progress=100 if ready else 0, total_conversations=1,
            total_training_pairs=1, total_tokens=12, tokenizer="SmolLM2-135M-Instruct",
            error_count=1 if status == "error" else 0,
            error_report=[{"line": 3, "reason": "No answer."}] if status == "error" else [],
            heartbeat_at=self.now if status == "validating" else None,
        )  # fmt: skip
        return key

    def _job(self, status):
        get = self._apps.get_model
        job = get("training", "TrainingJob").objects.create(
            user=self.ada, dataset_id=self.datasets["ready"], base_model=get("training", "BaseModel").objects.get(),
            preset_id="balanced", gpu_config={"type": "A100-80GB", "count": 2}, hyperparameters=HYPERPARAMETERS,
            status=status, total_epochs=3, total_steps=30, current_step=30 if status == "completed" else 10,
            progress=100 if status == "completed" else 33, current_metrics={"loss": 1.5, "learning_rate": 1e-4},
            hourly_rate="7.00", estimated_total_cost="4.32", quoted_cost="4.32", current_cost="1.2500", attempt=1,
            worker="gpu@host", error_code="crashed" if status == "failed" else "",
            error_message="It crashed." if status == "failed" else "", log_tail=f"Loading\nStep 10 of {status}",
            started_at=self.now, heartbeat_at=self.now, finished_at=self.now if status in FINAL else None,
        )  # fmt: skip
        for to in ("queued", "initializing"):
            get("training", "JobEvent").objects.create(job=job, actor="ada", to_status=to, reason="As it was")
        get("training", "JobMetric").objects.bulk_create(
            get("training", "JobMetric")(job=job, step=step, epoch=step / 10, loss=2.0 / step) for step in range(1, 11)
        )
        get("notifications", "Notification").objects.create(
            user=self.ada, type="job_queued", title=status, message="It waits.", action_url=f"/training/jobs/{job.pk}"
        )
        if status == "completed":
            name = default_storage.save(f"adapters/{job.pk}-1.zip", ContentFile(ADAPTER))
            digest = hashlib.sha256(ADAPTER).hexdigest()
            get("training", "Artifact").objects.create(
                job=job, file=name, file_name="adapter.zip", size=len(ADAPTER), sha256=digest
            )
        return job.pk

    def _token(self):
        return AuthToken.objects.create(User(pk=self.ada.pk), expiry=timedelta(days=400))[1]


def test_what_people_had_is_there_after_all_migrations(old_database, settings, tmp_path):
    settings.MEDIA_ROOT, settings.RUNS_DIR = tmp_path / "media", tmp_path / "runs"
    past = Past(old_database)
    call_command("migrate", verbosity=0)
    everything_is_there(past)
    pages_open(past)
    scripts_go_on(past)
    no_file_is_missing()


def everything_is_there(past):
    assert {job.status: job.pk for job in TrainingJob.objects.all()} == past.jobs
    for job in TrainingJob.objects.all():
        assert job.settings.to_dict().items() >= HYPERPARAMETERS.items()
        assert job.log_tail == f"Loading\nStep 10 of {job.status}"
        assert list(job.metrics.values_list("step", flat=True)) == list(range(1, 11))
    assert JobEvent.objects.filter(reason="As it was").count() == 2 * len(STATUSES)
    assert JobMetric.objects.count() == 10 * len(STATUSES)
    assert Notification.objects.count() == len(STATUSES)
    assert Artifact.objects.get().file.read() == ADAPTER
    assert {dataset.pk for dataset in Dataset.objects.all()} == set(past.datasets.values())
    for dataset in Dataset.objects.all():
        with dataset.version.file.open("rb") as file:
            assert file.read() == ROW
    jobs = Tally.objects.totals()["jobs"]
    assert sum(total.count for total in jobs.values()) == len(STATUSES)


def pages_open(past):
    client = Client()
    signed_in = client.post("/login", {"username": "ada", "password": "lovelace1815"})
    assert signed_in.status_code == 302
    addresses = ["/datasets", "/training/jobs", "/training/accuracy", "/notifications", "/account", "/metrics"]
    addresses += [f"/datasets/{key}" for key in past.datasets.values()]
    addresses += [f"/training/jobs/{key}{end}" for key in past.jobs.values() for end in ("", "/status", "/metrics")]
    addresses += [f"/training/configure?datasetId={past.datasets['ready']}"]
    for app, model in (("training", "trainingjob"), ("training", "jobevent"), ("training", "artifact"),
                       ("datasets", "dataset"), ("notifications", "notification"), ("auth", "user")):  # fmt: skip
        addresses.append(f"/admin/{app}/{model}/")
    addresses += [f"/admin/training/trainingjob/{key}/change/" for key in past.jobs.values()]
    for address in addresses:
        assert client.get(address).status_code == 200, address
    adapter = client.get(f"/api/jobs/{past.jobs['completed']}/adapter")
    assert b"".join(adapter.streaming_content) == ADAPTER


def scripts_go_on(past):
    """A token made then is taken now."""
    script = Client(headers={"Authorization": f"Bearer {past.token}"})
    answer = script.get("/api/jobs")
    assert answer.status_code == 200
    assert {job["id"] for job in answer.json()["data"]["jobs"]} == {str(key) for key in past.jobs.values()}
    for key in past.jobs.values():
        assert script.get(f"/api/jobs/{key}").status_code == 200
    for key in past.datasets.values():
        assert script.get(f"/api/datasets/{key}").status_code == 200


def no_file_is_missing():
    said = io.StringIO()
    call_command("orphans", stdout=said)
    assert "whose file is gone: 0" in said.getvalue()
