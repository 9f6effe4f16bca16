"""What answering for all choices costs: the estimate with and without ``alternatives``, side by side in one run.

Through the whole of the API (token, validation, database, JSON) in this process, without a network between; with the
four GPU types that are on offer at first and with all of the catalogue's, each once with an empty history and once with
a full one (the latest runs of each GPU type that are looked at).
"""

import os
import random
import statistics
import sys
import time
from decimal import Decimal
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 100
WARM_UP = 20

sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pipeline.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402 - after django.setup()
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from knox.models import AuthToken  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from datasets.models import Dataset  # noqa: E402
from training.core.presets import PRESETS  # noqa: E402
from training.estimates import measurements  # noqa: E402
from training.jobs.start import JobRequest, job_submit  # noqa: E402
from training.models import GpuType, RunMeasurement, TrainingJob  # noqa: E402
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
        print(f"{'':44}{'alone':>10}{'with all':>10}{'ratio':>8}   (medians of {ROUNDS} pairs, ms)")
        for gpu_types in (GpuType.objects.filter(is_active=True), GpuType.objects.all()):
            gpu_types.update(is_active=True)
            found = f"{gpu_types.count()} GPU types, "
            measure(
                f"{found}no run measured" if gpu_types.count() < 5 else f"{found}runs on the first 4", client, dataset
            )
            fill(user, dataset)
            measure(f"{found}{RunMeasurementQuerySet.LATEST} runs on each", client, dataset)
        transaction.set_rollback(True)


def measure(name: str, client: APIClient, dataset: Dataset) -> None:
    body = {
        "dataset_id": str(dataset.pk),
        "gpu_config": {"type": "A100-80GB", "count": 2},
        "hyperparameters": {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16},
        "basis": "best",
    }
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(ROUNDS + WARM_UP):
        for with_all, found in seconds.items():
            began = time.perf_counter()
            answer = client.post("/api/jobs/estimate", body | {"alternatives": with_all}, format="json")
            if turn >= WARM_UP:
                found.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.content
    alone, with_all = (statistics.median(found) * 1000 for found in seconds.values())
    ratio = statistics.median(every / one for one, every in zip(*seconds.values(), strict=True))
    print(f"{name:44}{alone:10.2f}{with_all:10.2f}{ratio:8.2f}")


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
