"""What tests of every app share: users, data sets, clients."""

import importlib
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from datasets.formats.lengths import DEFAULT_LONGEST
from datasets.models import Dataset
from pipeline.accounts.models import ApiToken
from tests.openapi.documented import DocumentedClient
from training.core.presets import PRESETS
from training.core.status import CLAIMED, FINAL
from training.models import BaseModel, DataFit, TrainingJob

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def static_files():
    """Collected as in production, hashed names and all; looked for when asked for, not anew for each test's client."""
    call_command("collectstatic", "--noinput", verbosity=0)
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def user(django_user_model):
    return django_user_model.objects.create_user("ada")


@pytest.fixture
def other_user(django_user_model):
    return django_user_model.objects.create_user("grace")


@pytest.fixture
def make_dataset(user):
    """A data set that is ready, unless told otherwise."""

    def make(**changes):
        values = {
            "user": user,
            "name": "Support chats",
            "status": "ready",
            "training_ready": True,
            "progress": 100,
            "total_conversations": 900,
            "total_training_pairs": 1000,
            "total_tokens": 200_000,
            "file_name": "chats.jsonl",
            "file_size": 9,
        } | changes
        about = {name: values.pop(name) for name in ("file_name", "file_size")}
        dataset = Dataset.objects.create(**values)
        file = ContentFile(b'{"x": 1}\n', name="chats.jsonl")
        dataset.version = dataset.versions.create(number=1, file=file, sha256="0" * 64, **about)
        dataset.save(update_fields=["version"])
        check_on_the_worker(dataset)
        return dataset

    return make


def check_on_the_worker(dataset):
    """What a run would train on cannot be told from a made-up file: as where only GPU hosts have the models."""
    about = {"length": DEFAULT_LONGEST, "status": "unavailable", "nudged_at": timezone.now()}
    DataFit.objects.bulk_create(
        DataFit(version=dataset.version, source=model.source, revision=model.revision, **about)
        for model in BaseModel.objects.all()
    )


@pytest.fixture
def dataset(make_dataset):
    return make_dataset()


@pytest.fixture
def put_job(user, dataset):
    """A job in any status, as old as wanted, without the history that led there."""

    def make(status="queued", *, gpu="H100", age=timedelta(), **changes):
        now = timezone.now()
        values = {
            "queued_at": now - age,
            "available_at": now - age,
            "started_at": now - age if status != "queued" else None,
            "heartbeat_at": now if status in CLAIMED else None,
            "finished_at": now if status in FINAL else None,
            "total_steps": 10,
        } | changes
        return TrainingJob.objects.create(
            user=user, dataset=dataset, base_model=BaseModel.objects.get(is_default=True), preset_id="fast",
            gpu_config={"type": gpu, "count": 1}, hyperparameters=PRESETS["fast"].hyperparameters.to_dict(),
            total_epochs=1, hourly_rate=1, estimated_total_cost=1, status=status, **values,
        )  # fmt: skip

    return make


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


@pytest.fixture
def api(user):
    """A script with a token, whose answers are held against the API's description."""
    client = DocumentedClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiToken.objects.create(user)[1]}")
    return client


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """A random Llama-like model of a few hundred kilobytes, with a tokenizer and a chat template."""
    target = tmp_path_factory.mktemp("models") / "tiny"
    subprocess.run(
        [sys.executable, str(ROOT / "tests" / "tiny_model.py"), str(target)],
        cwd=target.parent,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        check=True,
    )
    return target


@pytest.fixture
def tokenizer_of_the_tiny_model(settings, tiny_model):
    settings.MODELS_DIR = tiny_model.parent
    settings.TOKENIZER = tiny_model.name


@pytest.fixture
def catalogue(transactional_db):
    """The seeded rows, which the emptying after each such test takes away."""
    seed()


@pytest.fixture(autouse=True)
def seeded(request):
    """The seeded rows, for the tests that come after such an emptying."""
    marker = request.node.get_closest_marker("django_db")
    wants_database = marker is not None or "db" in request.fixturenames
    is_transactional = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    if wants_database and not is_transactional:
        request.getfixturevalue("db")
        seed()


def seed():
    if not BaseModel.objects.exists():
        for migration in ("0002_catalogue", "0006_base_models", "0012_more_gpus", "0013_norms_of_base_models"):
            importlib.import_module(f"training.migrations.{migration}").add(apps, None)
