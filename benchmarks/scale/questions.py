"""What is asked of a history: every page, every call, and what workers and sweeps ask."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client

from benchmarks.scale.sizes import Sizes
from pipeline.accounts.models import ApiToken
from training import tasks
from training.core.presets import PRESETS
from training.jobs import lifecycle, queues
from training.jobs.waiting import waiting
from training.models import BaseModel, RunMeasurement, TrainingJob

Question = Callable[[], int]
"""Asks, and returns the status; 200 of what is no request."""

ESTIMATE = "POST /api/jobs/estimate"
SEARCHES = [
    "q=nothing", "q=chats", "tag=nothing", "tag=tag7", "preset_id=quality", "created_to=2020-01-01", "cost_min=9",
    "cost_min=999999", "sort=-cost", "sort=cost", "sort=-duration", "sort=loss", "sort=evaluation_loss",
    "sort=-cost&status=failed", "sort=loss&q=nothing",
]  # fmt: skip
"""Of a user's own jobs: what is found at once, late, and not at all."""
LISTS = {
    "training/trainingjob": ["status=failed", "status__exact=failed", "gpu=H100", "age=waiting-1h", "q=ada", "q={job}"],
    "training/jobevent": ["q={job}", "to_status=failed", "q=gpu@host"],
    "training/jobmetric": ["q={job}"],
    "training/runplan": ["q={job}", "basis=list"],
    "training/runmeasurement": ["q={job}", "hardware=H100"],
    "training/artifact": ["q={job}", "kind__exact=adapter"],
    "training/idempotencykey": ["q=ada"],
    "training/jobdeletion": ["q={job}", "q=ada"],
    "training/worker": [],
    "training/gputype": [],
    "training/basemodel": [],
    "datasets/dataset": ["q=Chats", "status__exact=ready"],
    "notifications/notification": ["q=ada", "type__exact=job_queued"],
    "auth/user": ["q=user"],
    "accounts/apitoken": [],
}
"""Of the admin, with what they are filtered by. What a list does not offer it answers with 302."""


class Questions:
    """Of one database, whose address the settings have."""

    def __init__(self, jobs: int) -> None:
        users = get_user_model().objects
        self.ada, self.staff = users.get(username="ada"), users.get(username="staff")
        self.owner, self.admin = client(), client()
        self.owner.force_login(self.ada)
        self.admin.force_login(self.staff)
        self.token = ApiToken.objects.create(self.ada)[1]
        own = TrainingJob.objects.filter(user=self.ada).order_by("-created_at")
        self.last = own.filter(status="queued").first()  # in its queue
        self.done = own.filter(status="completed", metrics__isnull=False).first()
        self.dataset = self.ada.datasets.get(name="Support chats")
        self.sizes = Sizes(jobs)

    def all(self) -> dict[str, Question]:
        return self.pages() | self.calls() | self.lists() | self.work()

    def pages(self) -> dict[str, Question]:
        middle, end = self.own_pages(2), self.own_pages(1)
        addresses = {
            "/": "/", "/datasets": "/datasets", "/datasets/upload": "/datasets/upload",
            "/datasets/ID": f"/datasets/{self.dataset.pk}",
            "/datasets/ID/status": f"/datasets/{self.dataset.pk}/status",
            "/training/configure": f"/training/configure?datasetId={self.dataset.pk}",
            "/training/accuracy": "/training/accuracy",
            "/training/jobs": "/training/jobs", "/training/jobs, middle": f"/training/jobs?page={middle}",
            "/training/jobs, last": f"/training/jobs?page={end}",
            "/training/jobs, failed": "/training/jobs?status=failed",
            "/training/jobs, queued": "/training/jobs?status=queued",
            **{f"/training/jobs?{asked}": f"/training/jobs?{asked}" for asked in SEARCHES},
            "/training/jobs/ID, done": f"/training/jobs/{self.done.pk}",
            "/training/jobs/ID, last in its queue": f"/training/jobs/{self.last.pk}",
            "/training/jobs/ID/status": f"/training/jobs/{self.done.pk}/status",
            "/training/jobs/ID/metrics": f"/training/jobs/{self.done.pk}/metrics",
            "/notifications": "/notifications", "/notifications, last": f"/notifications?page={end}",
            "/account": "/account",
        }  # fmt: skip
        return {name: self.page(self.owner, path) for name, path in addresses.items()} | {
            "/training/configure/estimate": self.slider(),
            "/training/accuracy, of all": self.page(self.admin, "/training/accuracy"),
        }

    def calls(self) -> dict[str, Question]:
        middle, end = self.own_pages(2), self.own_pages(1)
        dataset, done, last = (
            f"/api/datasets/{self.dataset.pk}",
            f"/api/jobs/{self.done.pk}",
            f"/api/jobs/{self.last.pk}",
        )
        addresses = {
            "GET /api/jobs": "/api/jobs?limit=20", "GET /api/jobs, middle": f"/api/jobs?limit=20&page={middle}",
            "GET /api/jobs, last": f"/api/jobs?limit=20&page={end}",
            **{f"GET /api/jobs?{asked}": f"/api/jobs?limit=20&{asked}" for asked in SEARCHES},
            "GET /api/jobs, failed": "/api/jobs?limit=20&status=failed", "GET /api/jobs/ID, done": done,
            "GET /api/jobs/ID, last in its queue": last, "GET /api/datasets": "/api/datasets?limit=20",
            "GET /api/datasets, ready": "/api/datasets?limit=20&status=ready", "GET /api/datasets/ID": dataset,
            "GET /api/datasets/ID/errors": f"{dataset}/errors", "GET /api/datasets/ID/versions": f"{dataset}/versions",
        }  # fmt: skip
        script = {"Authorization": f"Bearer {self.token}"}
        scrape = {"Authorization": f"Bearer {settings.METRICS_TOKEN}"}
        body = {
            "dataset_id": str(self.dataset.pk), "gpu_config": {"type": "A100-80GB", "count": 2},
            "hyperparameters": PRESETS["balanced"].hyperparameters.to_dict(),
        }  # fmt: skip
        return {name: self.page(client(headers=script), path) for name, path in addresses.items()} | {
            ESTIMATE: self.sent(client(headers=script), "/api/jobs/estimate", body),
            f"{ESTIMATE}, best": self.sent(client(headers=script), "/api/jobs/estimate", body | {"basis": "best"}),
            "GET /metrics": self.page(client(headers=scrape), "/metrics"),
            "GET /readyz": self.page(client(), "/readyz"),
        }

    def lists(self) -> dict[str, Question]:
        """The admin's, and its pages of one row."""
        paths = {"": "", "training/trainingjob/overview/": "training/trainingjob/overview/"}
        for name, filters in LISTS.items():
            paths[f"{name}/"] = f"{name}/"
            for asked in filters:
                paths[f"{name}/?{asked.replace('{job}', 'JOB')}"] = f"{name}/?{asked.format(job=self.done.pk)}"
            app, model = name.split("/")
            row = (
                ContentType.objects.get_by_natural_key(app, model).model_class()._default_manager.order_by("pk").first()
            )
            if row is not None and app != "accounts":
                paths[f"{name}/ID/"] = f"{name}/{row.pk}/change/"
        for name in ("training/trainingjob", "training/runmeasurement", "notifications/notification"):
            paths[f"{name}/?p=last"] = f"{name}/?p=18"
        return {f"/admin/{name}": self.page(self.admin, f"/admin/{path}") for name, path in paths.items()}

    def work(self) -> dict[str, Question]:
        """What is asked behind the scenes; what it would change is taken back."""
        jobs = TrainingJob.objects.on_gpus(["H100"]).of_at_most(8)
        names = ["H100", "A100-80GB", "V100-32GB", "A100-40GB"]
        return {
            "waiting(last in its queue)": called(lambda: waiting(self.last)),
            "queues()": called(queues.queues),
            "claim()": called(lambda: lifecycle.claim(jobs, worker="gpu@H100")),
            "sweep()": called(tasks.sweep),
            "heartbeat": called(self.heartbeat),
            "the latest measurements": called(lambda: list(RunMeasurement.objects.latest_on(names).values_list("pk"))),
            "stalled()": called(lambda: list(TrainingJob.objects.stalled(timedelta(minutes=1)))),
        }

    def heartbeat(self) -> None:
        held = TrainingJob.objects.claimed().first()
        lifecycle.record(held, log=["Step 2"], current_step=held.current_step)

    def own_pages(self, part: int) -> int:
        """The last page of 20 of Ada's jobs, or the middle one."""
        return max(1, self.sizes.jobs // self.sizes.share // 20 // part)

    def page(self, client: Client, path: str) -> Question:
        return lambda: client.get(path).status_code

    def sent(self, client: Client, path: str, body: dict[str, Any]) -> Question:
        return lambda: client.post(path, json.dumps(body), content_type="application/json").status_code

    def slider(self) -> Question:
        form = PRESETS["balanced"].hyperparameters.to_dict() | {
            "dataset_id": str(self.dataset.pk), "base_model": BaseModel.objects.get(is_default=True).pk,
            "preset_id": "balanced", "gpu_type": "A100-80GB", "gpu_count": 2,
        }  # fmt: skip
        return lambda: self.owner.post("/training/configure/estimate", form, headers={"HX-Request": "true"}).status_code


def called(ask: Callable[[], object]) -> Question:
    def question() -> int:
        with transaction.atomic():
            ask()
            transaction.set_rollback(True)
        return 200

    return question


def queries(question: Question) -> int:
    """How many it makes."""
    connection.force_debug_cursor = True
    connection.queries_log.clear()
    try:
        with suppress(Exception):  # it is told where it is timed
            question()
        return len([query for query in connection.queries_log if not query["sql"].startswith("SAVEPOINT")])
    finally:
        connection.force_debug_cursor = False


def client(**extra: Any) -> Client:
    """A browser, or a script, at an address that the server goes by."""
    return Client(HTTP_HOST="localhost", **extra)
