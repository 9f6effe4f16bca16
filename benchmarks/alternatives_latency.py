"""What answering for all choices costs: the estimate with and without ``alternatives``, side by side in one run.

Through the whole of the API (token, validation, database, JSON) in this process, without a network between; with the
four GPU types that are on offer at first and with all of the catalogue's, each once with an empty history and once with
a full one (the latest runs of each GPU type that are looked at). Beside it, the configure page's answer to a slider's
move, which has all choices in it, drawn and as a table.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 100
WARM_UP = 20
API, PAGE = "/api/jobs/estimate", "/training/configure/estimate"

sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402 - after django.setup()
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from knox.models import AuthToken  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from datasets.models import Dataset  # noqa: E402
from training.core.presets import PRESETS  # noqa: E402
from training.estimates import measurements  # noqa: E402
from training.jobs.start import JobRequest, job_submit  # noqa: E402
from training.models import BaseModel, GpuType, RunMeasurement, TrainingJob  # noqa: E402
from training.models.measurement import RunMeasurementQuerySet  # noqa: E402
from training.trainer.protocol import Measured  # noqa: E402


def main() -> None:
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        user, _ = get_user_model().objects.get_or_create(username="benchmark")
        dataset = Dataset.objects.create(
            user=user, name="Benchmark", status="ready", training_ready=True, total_conversations=1000,
            total_training_pairs=1000, total_tokens=200_000, longest_tokens=900,
        )  # fmt: skip
        client = APIClient(HTTP_HOST="localhost")
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {AuthToken.objects.create(user)[1]}")
        browser = Client(HTTP_HOST="localhost", HTTP_HX_REQUEST="true")
        browser.force_login(user)
        print(f"{'':44}{'alone':>10}{'with all':>10}{'ratio':>8}{'page':>10}   (medians of {ROUNDS} rounds, ms)")
        for gpu_types in (GpuType.objects.filter(is_active=True), GpuType.objects.all()):
            gpu_types.update(is_active=True)
            found = f"{gpu_types.count()} GPU types, "
            before = "no run measured" if gpu_types.count() < 5 else "runs on the first 4"
            measure(found + before, client, browser, dataset)
            fill(user, dataset)
            connection.cursor().execute("ANALYZE")  # as autovacuum does once rows are committed
            measure(f"{found}{RunMeasurementQuerySet.LATEST} runs on each", client, browser, dataset)
        transaction.set_rollback(True)


def measure(name: str, client: APIClient, browser: Client, dataset: Dataset) -> None:
    hyperparameters = PRESETS["balanced"].hyperparameters.to_dict()
    common = {"dataset_id": str(dataset.pk), "basis": "best"}
    body = common | {"gpu_config": {"type": "A100-80GB", "count": 2}, "hyperparameters": hyperparameters}
    model = BaseModel.objects.get(is_default=True).pk
    form = common | {"base_model": model, "preset_id": "balanced", "gpu_type": "A100-80GB", "gpu_count": 2}
    asked: list[Callable[[], HttpResponse]] = [
        lambda: client.post(API, body | {"alternatives": False}, format="json"),
        lambda: client.post(API, body, format="json"),
        lambda: browser.post(PAGE, form | hyperparameters),
    ]
    seconds: list[list[float]] = [[] for _ in asked]
    for turn in range(ROUNDS + WARM_UP):
        for ask, found in zip(asked, seconds, strict=True):
            began = time.perf_counter()
            answer = ask()
            if turn >= WARM_UP:
                found.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.content
    alone, with_all, page = (statistics.median(found) * 1000 for found in seconds)
    ratio = statistics.median(every / one for one, every in zip(*seconds[:2], strict=True))
    print(f"{name:44}{alone:10.2f}{with_all:10.2f}{ratio:8.2f}{page:10.2f}")


def fill(user: object, dataset: Dataset) -> None:
    generator = random.Random(1)
    measured = RunMeasurement.objects.values("gpu_type")
    for gpu_type in GpuType.objects.filter(is_active=True).exclude(name__in=measured):
        for _ in range(RunMeasurementQuerySet.LATEST):
            request = JobRequest(
                dataset=dataset, preset_id="balanced", gpu_type=gpu_type, gpu_count=1,
                hyperparameters=PRESETS["balanced"].hyperparameters,
            )  # fmt: skip
            job = job_submit(request, user=user)
            TrainingJob.objects.filter(pk=job.pk).update(device="cuda", device_name=f"NVIDIA {gpu_type.name}")
            job.refresh_from_db()
            taken = Measured(
                tokens_per_second=generator.uniform(800, 1600), seconds_per_step=0.8, startup_seconds=60,
                evaluation_seconds=30, saving_seconds=5, peak_memory_bytes=3 * 10**9, reserved_memory_bytes=4 * 10**9,
                steps=750, micro_batch_size=4, longest_sequence=900,
            )  # fmt: skip
            measurements.record(job, taken, cost=Decimal(1))


if __name__ == "__main__":
    main()
