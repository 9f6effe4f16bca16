"""A base model that no worker can load is refused before it is queued; what can be loaded is as workers report it."""

import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from training.jobs import base_models
from training.jobs.base_models import FETCHED, NOWHERE, READY, CannotBeLoaded, require_loadable, whereabouts
from training.models import BaseModel, GpuType, TrainingJob, Worker

pytestmark = pytest.mark.django_db
QWEN = "Qwen/Qwen3-8B"
GEMMA = "google/gemma-2-2b-it"


@pytest.fixture
def add_worker(db):
    def add(name="gpu@far", **changes):
        now = timezone.now()
        values = {"name": name, "host": "far", "device": "cuda", "gpu_count": 8, "queues": ["gpu.h100"]} | changes
        return Worker.objects.create(**{"started_at": now, "last_seen_at": now} | values)

    return add


def found(*names):
    models = {model.pk: model.name for model in BaseModel.objects.filter(name__in=names)}
    return {models[pk]: where for pk, where in whereabouts(BaseModel.objects.filter(pk__in=models)).items()}


def lacks(name, gpu="H100"):
    with pytest.raises(CannotBeLoaded) as refused:
        require_loadable(BaseModel.objects.get(name=name), GpuType.objects.get(name=gpu))
    return str(refused.value)


def test_workers_say_what_they_have(add_worker):
    add_worker(base_models=[QWEN])
    add_worker("gpu@other", queues=["gpu.a100-80gb"], base_models=[GEMMA])
    assert found(QWEN, GEMMA, "Qwen/Qwen3-4B") == {QWEN: READY, GEMMA: READY, "Qwen/Qwen3-4B": NOWHERE}


def test_a_worker_that_may_fetch_reaches_the_hub_and_nothing_else(add_worker):
    add_worker(base_models=[QWEN], may_fetch=True)
    default = BaseModel.objects.get(is_default=True)
    assert found(QWEN, GEMMA, default.name) == {QWEN: READY, GEMMA: FETCHED, default.name: NOWHERE}


def test_without_a_worker_this_hosts_disk_says_and_the_rest_may_yet_be_fetched(settings, tmp_path):
    settings.MODELS_DIR = tmp_path
    (tmp_path / QWEN).mkdir(parents=True)
    assert found(QWEN, GEMMA) == {QWEN: READY, GEMMA: FETCHED}


def test_workers_that_do_not_train_or_are_gone_say_nothing(add_worker, settings, tmp_path):
    settings.MODELS_DIR = tmp_path
    add_worker("datasets@far", queues=["datasets"], base_models=[QWEN])
    add_worker("gpu@gone", base_models=[QWEN], last_seen_at=timezone.now() - timedelta(minutes=1))
    assert found(QWEN) == {QWEN: FETCHED}


def test_a_model_that_was_just_put_on_a_workers_own_host_counts_before_its_next_report(add_worker, settings, tmp_path):
    settings.MODELS_DIR = tmp_path
    (tmp_path / QWEN).mkdir(parents=True)
    add_worker(host=socket.gethostname())
    assert found(QWEN, GEMMA) == {QWEN: READY, GEMMA: NOWHERE}


def test_a_place_that_cannot_be_looked_at_is_no_model():
    model = BaseModel(name="broken", source="/" + "x" * 254)
    assert base_models.loadable_here({model.name: model.place}) == []


def test_few_questions_whatever_the_number_of_models_and_workers(add_worker, django_assert_num_queries):
    for number in range(3):
        add_worker(f"gpu@{number}", base_models=[QWEN])
    models = list(BaseModel.objects.all())
    with django_assert_num_queries(1):
        whereabouts(models)
    with django_assert_num_queries(1):
        require_loadable(BaseModel(name=QWEN, source=QWEN), GpuType(name="H100"))


def test_only_workers_of_the_jobs_queue_count(add_worker):
    add_worker("gpu@other", queues=["gpu.a100-80gb"], base_models=[QWEN], may_fetch=True)
    require_loadable(BaseModel.objects.get(name=QWEN), GpuType.objects.get(name="H100"))  # it waits for a worker
    add_worker(base_models=[GEMMA])
    assert lacks(QWEN) == (
        f"No H100 worker can load {QWEN}. Choose another base model, or have an administrator put this one into a "
        f"worker's models directory, or let one fetch it from the hub (HF_HUB_OFFLINE=0). Ready there: {GEMMA}."
    )


def test_a_cpu_that_stands_in_for_every_gpu_is_asked_like_any_worker(add_worker):
    add_worker(device="cpu", gpu_count=0, queues=["gpu.a100-80gb", "gpu.h100"], base_models=[GEMMA])
    require_loadable(BaseModel.objects.get(name=GEMMA), GpuType.objects.get(name="H100"))
    assert "No A100-80GB worker" in lacks(QWEN, "A100-80GB")


def test_a_folder_is_not_said_to_be_fetchable(add_worker):
    add_worker(may_fetch=True)
    assert "HF_HUB_OFFLINE" not in lacks(BaseModel.objects.get(is_default=True).name)


def test_the_api_refuses_such_a_job_with_what_to_do_and_queues_nothing(api, dataset, add_worker):
    add_worker(base_models=[GEMMA])
    body = {
        "dataset_id": str(dataset.pk),
        "preset_id": "custom",
        "gpu_config": {"type": "H100", "count": 1},
        "hyperparameters": {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16},
        "estimated_cost": 1.0,
        "base_model": QWEN,
    }
    answer = api.post("/api/jobs", body, format="json")
    assert answer.status_code == 409
    assert answer.json()["error"] == "The base model cannot be loaded"
    assert f"Ready there: {GEMMA}" in answer.json()["details"]
    assert not TrainingJob.objects.exists()
    Worker.objects.update(base_models=[QWEN])
    assert api.post("/api/jobs", body, format="json").status_code == 201


def test_the_page_says_it_at_the_form(signed_in, dataset, add_worker):
    add_worker(base_models=[GEMMA])
    fields = {
        "dataset_id": str(dataset.pk),
        "base_model": BaseModel.objects.get(name=QWEN).pk,
        "preset_id": "custom",
        "gpu_type": "H100",
        "gpu_count": 1,
        "learning_rate": 0.00005,
        "batch_size": 4,
        "epochs": 3,
        "rank": 16,
        "alpha": 32,
        "dropout": 0.1,
        "max_sequence_length": 2048,
    }
    answer = signed_in.post("/training/configure", fields)
    assert answer.status_code == 422
    assert f"No H100 worker can load {QWEN}." in answer.content.decode()
    assert not TrainingJob.objects.exists()
