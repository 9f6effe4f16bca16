"""What schemathesis works with: objects of two users, and the document with names and ids that are there."""

from datetime import timedelta
from itertools import cycle
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from datasets.models import Dataset
from pipeline.accounts.models import ApiToken
from tests.openapi.documented import read
from training.core.presets import PRESETS
from training.models import Artifact, BaseModel, DataFit, TrainingJob

FILE = 'form-data; name="file"; filename="chats.jsonl"'
UUID = {"type": "string", "format": "uuid"}
FINISHED = ("completed", "failed", "cancelled")
READ = ("ready", "uploaded", "validating", "error", "cancelled")
STATUSES = ("queued", "running", *FINISHED)
DATASETS = {status: str(uuid5(NAMESPACE_URL, f"data set {status}")) for status in (*READ, "theirs")}
JOBS = {status: str(uuid5(NAMESPACE_URL, f"job {status}")) for status in (*STATUSES, "theirs")}
GPU_TYPES = ["A100-80GB", "A100-40GB", "H100", "V100-32GB"]
BASE_MODELS = ["HuggingFaceTB/SmolLM2-135M-Instruct"]


def put_dataset(user, status="ready", **changes):
    """With a file that is not there to be read, but to be downloaded."""
    is_ready = status == "ready"
    figures = {"total_conversations": 900, "total_training_pairs": 1000, "total_tokens": 200_000} if is_ready else {}
    dataset = Dataset.objects.create(
        user=user, name=status, status=status, training_ready=is_ready, **figures, **changes
    )
    file = ContentFile(b'{"text": "Hello"}\n', name="chats.jsonl")
    dataset.version = dataset.versions.create(
        number=1, file=file, file_name="chats.jsonl", file_size=18, sha256="0" * 64,
        left_out=ContentFile(b"line,kind\n3,row_json\n", name="left-out.csv"),
    )  # fmt: skip
    dataset.save(update_fields=["version"])
    for model in BaseModel.objects.all():
        DataFit.objects.create(
            version=dataset.version, source=model.source, revision=model.revision, length=2048, status="unavailable",
            nudged_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip
    return dataset


def put_job(dataset, status="queued", **changes):
    now = timezone.now()
    job = TrainingJob.objects.create(
        user=dataset.user, dataset=dataset, base_model=BaseModel.objects.get(is_default=True), preset_id="fast",
        gpu_config={"type": "H100", "count": 1}, hyperparameters=PRESETS["fast"].hyperparameters.to_dict(),
        total_steps=10, total_epochs=1, hourly_rate=1, estimated_total_cost=1, status=status,
        finished_at=now if status in FINISHED else None, heartbeat_at=now if status == "running" else None,
        **changes,
    )  # fmt: skip
    if status == "completed":
        file = ContentFile(b"PK\x05\x06" + bytes(18), name="adapter.zip")
        Artifact.objects.create(job=job, kind="adapter", file=file, file_name="adapter.zip", size=22, sha256="0" * 64)
    return job


class Scene:
    """A user with data sets and jobs in every state, another with some of their own, and ways to sign in."""

    def __init__(self):
        users = get_user_model().objects
        user, other = users.create_user("ada"), users.create_user("grace")
        own = [put_dataset(user, status, pk=DATASETS[status]) for status in READ]
        theirs = put_dataset(other, pk=DATASETS["theirs"])
        for status in STATUSES:
            put_job(own[0], status, pk=JOBS[status])
        put_job(theirs, pk=JOBS["theirs"])
        browser = Client()
        browser.force_login(user)
        session = browser.cookies["sessionid"].value
        csrf = "c" * 32
        self.identities = {
            "token": {"Authorization": f"Bearer {ApiToken.objects.create(user)[1]}"},
            "session": {"Cookie": f"sessionid={session}; csrftoken={csrf}", "X-CSRFToken": csrf},
            "anonymous": {},
        }
        self.askers = cycle(["token"] * 4 + ["session"] + ["token"] * 4 + ["anonymous"])


def document():
    """As it is committed, with what no document can know: the catalogue's names, and ids, here among any others."""
    found = read()
    schemas = found["components"]["schemas"]
    schemas["GpuTypeName"]["enum"] = GPU_TYPES
    schemas["BaseModelName"]["enum"] = BASE_MODELS
    del schemas["Mapping"]["patternProperties"]  # which schemathesis breaks without having such a key
    schemas["DatasetChange"]["properties"]["evaluation_dataset_id"] = {"type": "null"}
    datasets, jobs = ({"anyOf": [{"enum": list(ids.values())}, UUID]} for ids in (DATASETS, JOBS))
    for name in ("EstimateRequest", "JobRequest"):
        schemas[name]["properties"]["dataset_id"] = datasets
    known = {"job_id": jobs, "id": datasets}
    for operations in found["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                parameter["schema"] = known.get(parameter["name"], parameter["schema"])
            for form in operation.get("requestBody", {}).get("content", {}).values():
                form["encoding"] = {"file": {"headers": {"Content-Disposition": {"example": FILE}}}}
    return found
