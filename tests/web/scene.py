"""Somebody with a row of everything, and those who look at it."""

import uuid
from dataclasses import dataclass

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.test import Client
from django.utils.timezone import now

from datasets.models import Dataset
from notifications.models import Notification
from pipeline.accounts.models import ApiToken
from tests.conftest import check_on_the_worker
from tests.training.measured import record, start
from training.core import status
from training.models import Artifact, GpuType, IdempotencyKey, JobDeletion, JobEvent, JobMetric, TrainingJob, Worker

MARK = "ada5-own-w0rds"
"""Stands in everything that is hers."""
ANONYMOUS, USER, TOKEN, OTHER, OTHER_TOKEN, STAFF, ADMIN = (
    "anonymous", "user", "token", "other", "other's token", "staff", "admin",
)  # fmt: skip


@dataclass
class Scene:
    clients: dict[str, Client]
    dataset: Dataset
    theirs: Dataset
    """The other's."""
    job: TrainingJob
    failed: TrainingJob
    notification: Notification
    token_key: str

    def parts(self, address) -> dict[str, str]:
        """What stands in the places of an address, so that it leads to something of hers."""
        return {name: str(self._part(name, address)) for name in address.parts}

    def _part(self, name, address):
        match name:
            case "pk" if address.kind.startswith("admin"):
                return GpuType.objects.first().pk
            case "pk":
                return self.notification.pk if "notifications" in address.pattern else self.dataset.pk
            case "job_id":
                return self.job.pk
            case "number":
                return 1
            case "token_key":
                return self.token_key
            case "object_id" if address.model:
                row = apps.get_model(address.model).objects.first()
                return row.pk if row else "1"
            case "app_label":
                return "training"
            case "url":
                return "nowhere"
        return 1


def _dataset(user, **values) -> Dataset:
    usual = {"status": "ready", "training_ready": True, "progress": 100, "total_conversations": 900,
             "total_training_pairs": 1000, "total_tokens": 200_000}  # fmt: skip
    dataset = Dataset.objects.create(user=user, **usual | values)
    words = dataset.name.encode()
    file = ContentFile(b'{"x": "%s"}\n' % words, name="chats.jsonl")
    left_out = ContentFile(b"line,%s\n" % words, name="left-out.csv")
    dataset.version = dataset.versions.create(
        number=1, file=file, left_out=left_out, sha256="0" * 64, file_name=f"{dataset.name}.jsonl", file_size=9
    )
    dataset.save(update_fields=["version"])
    check_on_the_worker(dataset)
    return dataset


def client(user=None, token="", **extra):
    """One that answers as the server does where the application fails."""
    found = Client(raise_request_exception=False, **extra)
    if user is not None:
        found.force_login(user)
    if token:
        found.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return found


def scene() -> Scene:
    """Rows of every model, and a client of everybody."""
    user = User.objects.create_user("ada")
    problem = {"kind": "wrong_value", "line": 3, "field": MARK, "reason": MARK, "excerpt": MARK, "severity": "error"}
    dataset = _dataset(
        user,
        name=f"Chats {MARK}",
        error_report=[problem],
        error_count=1,
        problem_counts={"wrong_value": 1},
        length_histogram={"bounds": [64, 128], "counts": [1, 2], "tokens": [60, 200]},
    )
    job, failed = start(user, dataset), start(user, dataset)
    record(job)
    TrainingJob.objects.filter(pk=failed.pk).update(
        status=status.FAILED, error_message=MARK, worker=MARK, finished_at=now(), started_at=now()
    )
    artifact = Artifact(job=job, user=user, file_name=f"{MARK}.zip", size=1, sha256="0" * 64)
    artifact.file.save("adapter.zip", ContentFile(MARK.encode()))
    JobEvent.objects.create(job=job, actor=MARK, from_status="queued", to_status="running", reason=MARK)
    JobMetric.objects.create(job=job, step=1, epoch=1.0, loss=1.0)
    IdempotencyKey.objects.create(user=user, key=MARK, digest="0" * 64, job=job, answer={"x": MARK})
    JobDeletion.objects.create(
        job_id=uuid.uuid4(), user=user, actor=MARK, title=MARK,
        status="failed", gpu_config={"type": "H100", "count": 1}, cost=1, job_created_at=now(),
    )  # fmt: skip
    Worker.objects.create(name=MARK, host=MARK, started_at=now(), last_seen_at=now())
    notification = Notification.objects.create(user=user, type="job_failed", title=MARK, message=MARK)
    kept, secret = ApiToken.objects.create(user)
    others = {
        OTHER: User.objects.create_user("grace"),
        STAFF: User.objects.create_user("edith", is_staff=True),
        ADMIN: User.objects.create_superuser("alan"),
    }
    Group.objects.create(name=MARK)
    AccessAttempt.objects.create(username=MARK, failures_since_start=1)
    AccessLog.objects.create(username=MARK)
    AccessFailureLog.objects.create(username=MARK)
    clients = {name: client(other) for name, other in others.items()} | {
        ANONYMOUS: client(),
        USER: client(user),
        TOKEN: client(token=secret),
        OTHER_TOKEN: client(token=ApiToken.objects.create(others[OTHER])[1]),
    }
    theirs = _dataset(others[OTHER], name="Theirs")
    return Scene(clients, dataset, theirs, job, failed, notification, kept.token_key)
