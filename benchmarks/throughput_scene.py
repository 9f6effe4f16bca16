"""What the throughput benchmark asks for: users, a data set, workers, a history of runs, and the requests."""

import base64
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from datasets.models import Dataset
from pipeline.accounts.models import ApiToken
from training.core.presets import PRESETS
from training.estimates import measurements
from training.jobs.start import JobRequest, job_submit
from training.models import BaseModel, DataFit, GpuType, RunMeasurement, RunPlan, TrainingJob, Worker
from training.trainer.protocol import Measured

SMALLEST = ("list (API)", "list (page)")
"""The smallest authenticated answers: what the others are held against."""
HISTOGRAM = {"bounds": [256, 512, 1024], "counts": [500, 300, 100], "tokens": [80_000, 70_000, 50_000]}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, as a client sends it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def raw(self) -> str:
        """For the load: in base64."""
        about = {"Host": "127.0.0.1", "Accept-Encoding": "gzip", **self.headers}
        if self.body:
            about["Content-Length"] = str(len(self.body))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in about.items())]
        return base64.b64encode("\r\n".join([*lines, "", ""]).encode() + self.body).decode()


class Scene:
    """A user with a checked data set and no job, and another one with whatever history there is."""

    def __init__(self) -> None:
        self.user, _ = get_user_model().objects.get_or_create(username="ada")
        self.owner, _ = get_user_model().objects.get_or_create(username="grace")
        self.dataset = make_dataset(self.user)
        self.others = make_dataset(self.owner)
        self.token = ApiToken.objects.create(self.user)[1]
        self.browser = Client(HTTP_HOST="127.0.0.1")
        self.browser.force_login(self.user)
        self.browser.get("/datasets/upload")  # for the cookie of the forms
        put_workers()

    def requests(self) -> dict[str, list[Asked]]:
        """By name, the smallest first; those with new settings each time are many."""
        script = {"Authorization": f"Bearer {self.token}"}
        sending = script | {"Content-Type": "application/json"}
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.browser.cookies.items())
        page = {"Cookie": cookies}
        moving = page | {
            "Content-Type": "application/x-www-form-urlencoded",
            "HX-Request": "true",
            "X-CSRFToken": self.browser.cookies[settings.CSRF_COOKIE_NAME].value,
        }
        usual = PRESETS["balanced"].hyperparameters.to_dict()
        model = BaseModel.objects.get(is_default=True).pk
        common = {"dataset_id": str(self.dataset.pk)}

        def estimate(values: dict[str, float], **changes: object) -> Asked:
            gpus = {"type": "A100-80GB", "count": 2}
            body = common | {"gpu_config": gpus, "hyperparameters": values, "basis": "best"} | changes
            return Asked(method="POST", path="/api/jobs/estimate", headers=sending, body=json.dumps(body).encode())

        def move(values: dict[str, float]) -> Asked:
            gpus = {"gpu_type": "A100-80GB", "gpu_count": 2}
            form = common | values | gpus | {"base_model": model, "preset_id": "balanced"}
            body = urlencode(form).encode()
            return Asked(method="POST", path="/training/configure/estimate", headers=moving, body=body)

        others = list(other_settings(usual))
        return {
            "nothing (/healthz)": [Asked(method="GET", path="/healthz", headers={})],
            SMALLEST[0]: [Asked(method="GET", path="/api/jobs", headers=script)],
            SMALLEST[1]: [Asked(method="GET", path="/notifications", headers=page)],
            "estimate, one choice": [estimate(usual, alternatives=False)],
            "estimate, all choices": [estimate(usual)],
            "- new settings each time": [estimate(values) for values in others],
            "slider (fragment)": [move(usual)],
            "- moved anew each time": [move(values) for values in others],
        }

    def offer_all(self) -> int:
        """Every GPU type of the catalogue; how many they are."""
        return GpuType.objects.update(is_active=True)

    def fill(self, runs: int) -> None:
        """So many measured runs, shared out among the GPU types on offer."""
        generator = random.Random(1)
        types = list(GpuType.objects.filter(is_active=True))
        for gpu_type in types:
            first = measured_run(self.owner, self.others, gpu_type)
            copies(first, runs // len(types) - 1, generator)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as autovacuum does before long


def other_settings(usual: dict[str, float]) -> Iterator[dict[str, float]]:
    """More than a process remembers the estimates of, by the sliders that change them."""
    for epochs, rank, batch_size in itertools.product(range(1, 11), range(4, 65, 4), range(1, 17)):
        yield usual | {"epochs": epochs, "rank": rank, "batch_size": batch_size}


def make_dataset(user: Any) -> Dataset:
    """Checked for the default base model, as one is that has been looked at on the configure page."""
    dataset: Dataset = Dataset.objects.create(
        user=user, name="Support chats", status="ready", training_ready=True, total_conversations=900,
        total_training_pairs=1000, total_tokens=200_000, longest_tokens=890, length_histogram=HISTOGRAM,
    )  # fmt: skip
    dataset.version = dataset.versions.create(number=1, file="none", file_name="chats.jsonl", file_size=9)
    dataset.save(update_fields=["version"])
    model = BaseModel.objects.get(is_default=True)
    DataFit.objects.create(
        version=dataset.version, source=model.source, revision=model.revision, length=2048, status="ready", limit=2048,
        progress=100, conversations=900, pairs=1000, sequences=900, tokens=200_000, trained_tokens=90_000, longest=890,
        longest_uncut=890, histogram=HISTOGRAM,
    )  # fmt: skip
    return dataset


def put_workers() -> None:
    """Of each GPU type one that has every base model, heard of for as long as the benchmark takes."""
    names = list(BaseModel.objects.values_list("name", flat=True))
    later = timezone.now() + timedelta(hours=6)
    for gpu_type in GpuType.objects.filter(is_active=True):
        Worker.objects.create(
            name=f"gpu@{gpu_type.name}", host=gpu_type.name, device="cuda", device_name=f"NVIDIA {gpu_type.name}",
            gpu_count=8, queues=[gpu_type.queue], base_models=names, started_at=timezone.now(), last_seen_at=later,
        )  # fmt: skip


def measured_run(user: Any, dataset: Dataset, gpu_type: GpuType) -> TrainingJob:
    """A finished one, through the product's own door."""
    wanted = JobRequest(
        dataset=dataset, preset_id="balanced", gpu_type=gpu_type, gpu_count=1, allow_oom=True,
        hyperparameters=PRESETS["balanced"].hyperparameters,
    )  # fmt: skip
    job = job_submit(wanted, user=user)
    TrainingJob.objects.filter(pk=job.pk).update(
        device="cuda", device_name=f"NVIDIA {gpu_type.name}", status="completed", finished_at=timezone.now()
    )
    job.refresh_from_db()
    taken = Measured(
        tokens_per_second=1100, seconds_per_step=0.8, startup_seconds=60, evaluation_seconds=30, saving_seconds=5,
        peak_memory_bytes=3 * 10**9, reserved_memory_bytes=4 * 10**9, steps=750, micro_batch_size=4,
        longest_sequence=890,
    )  # fmt: skip
    measurements.record(job, taken, cost=Decimal(1))
    return job


def copies(job: TrainingJob, count: int, generator: random.Random) -> None:
    """The same run so many times again, each measured a little differently."""
    plan, row = RunPlan.objects.get(pk=job.pk), RunMeasurement.objects.get(job=job)
    jobs = [copy_of(job, id=None) for _ in range(count)]
    for one in jobs:
        one.id = TrainingJob._meta.pk.get_default()
    TrainingJob.objects.bulk_create(jobs)
    RunPlan.objects.bulk_create([copy_of(plan, job=one) for one in jobs])
    RunMeasurement.objects.bulk_create(
        copy_of(
            row, id=None, job=one, tokens_per_second=generator.uniform(800, 1600), rank=generator.choice((8, 16, 32)),
            sequence_length=generator.uniform(150, 800), startup_seconds=generator.uniform(30, 90),
        )
        for one in jobs
    )  # fmt: skip


def copy_of(row: Any, **changes: Any) -> Any:
    """The same values in a new row, but for these."""
    values = {field.name: getattr(row, field.name) for field in row._meta.concrete_fields}
    return type(row)(**values | changes)
