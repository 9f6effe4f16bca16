"""Starting jobs with memory options, against their memory, and as dry runs; what is kept of their estimate."""

from decimal import Decimal

import pytest

from tests.training.measured import record
from training.models import GpuType, RunPlan, TrainingJob

pytestmark = pytest.mark.django_db

URL = "/api/jobs"
LARGE = "Qwen/Qwen2.5-32B-Instruct"


def start(client, dataset, **changes):
    body = {
        "dataset_id": str(dataset.pk),
        "preset_id": "custom",
        "gpu_config": {"type": "H100", "count": 1},
        "hyperparameters": {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16},
        "estimated_cost": 1.0,
    } | changes
    return client.post(URL, body, format="json")


def test_a_job_keeps_its_options_its_prediction_and_its_price(api, dataset):
    answer = start(api, dataset, micro_batch_size=1, gradient_checkpointing=True, quantization="nf4", precision="fp16")
    assert answer.status_code == 201
    plan = RunPlan.objects.get(pk=answer.json()["data"]["id"])
    assert plan.options.to_dict() == {
        "micro_batch_size": 1,
        "gradient_checkpointing": True,
        "quantization": "nf4",
        "precision": "fp16",
    }
    GpuType.objects.filter(name="H100").update(price_per_hour="9.99")
    plan.refresh_from_db()
    assert plan.price_per_hour == Decimal("4.20")
    assert (plan.basis, plan.total_steps) == ("list", 750)
    assert plan.low_hours < plan.duration_hours < plan.high_hours
    assert plan.peak_bytes > 10**9


def test_a_run_that_cannot_fit_needs_a_second_confirmation(api, dataset):
    answer = start(api, dataset, base_model=LARGE)
    assert answer.status_code == 409
    details = answer.json()["details"]
    assert details["peak_gib"] > details["card_gib"] == 79.1
    assert details["remedies"]
    assert "Predicted to need" in details["message"]
    assert not TrainingJob.objects.exists()

    answer = start(api, dataset, base_model=LARGE, allow_oom=True)
    assert answer.status_code == 201
    assert RunPlan.objects.get().allow_oom


def test_a_remedy_lets_it_start(api, dataset):
    remedy = start(api, dataset, base_model=LARGE).json()["details"]["remedies"][0]
    assert start(api, dataset, base_model=LARGE, **remedy["changes"]).status_code == 201


def test_a_dry_run_is_a_job_of_twenty_steps_for_a_small_price(api, dataset):
    answer = start(api, dataset, probe=True)
    assert answer.status_code == 201
    job = TrainingJob.objects.get()
    assert (job.total_steps, job.total_epochs, job.plan.is_probe, job.plan.total_steps) == (20, 1, True, 750)
    assert 0 < job.estimated_total_cost < Decimal("1.00")


def test_a_dry_run_may_find_out_whether_a_run_fits(api, dataset):
    assert start(api, dataset, base_model=LARGE, probe=True).status_code == 201


def test_what_a_dry_run_measured_is_in_the_estimate_and_on_the_page(signed_in, api, dataset):
    start(api, dataset, probe=True, micro_batch_size=2)
    job = TrainingJob.objects.get()
    row = record(job, steps=20, tokens_per_second=1300.0)
    assert row.is_probe
    assert not row.is_whole
    page = signed_in.get(f"/training/configure?probe={job.pk}")
    assert page.status_code == 200
    assert page.context["quote"].forecast.basis == "measured"
    text = " ".join(page.content.decode().split())
    assert "Measured on 1 × H100" in text
    assert "1,300 tokens a second" in text
    assert page.context["form"]["micro_batch_size"].value() == 2
    monitor = signed_in.get(f"/training/jobs/{job.pk}").content.decode()
    assert f"/training/configure?probe={job.pk}" in monitor


@pytest.mark.parametrize(("count", "micro_batch_size"), [(1, None), (4, None), (8, None), (4, 1), (2, 2)])
def test_a_dry_run_counts_for_the_same_run_whatever_the_number_of_gpus(api, dataset, count, micro_batch_size):
    gpu = {"type": "H100", "count": count}
    hyperparameters = {"learning_rate": 0.00005, "batch_size": 16, "epochs": 3, "rank": 16}
    chosen = {"gpu_config": gpu, "hyperparameters": hyperparameters, "micro_batch_size": micro_batch_size}
    start(api, dataset, probe=True, **chosen)
    job = TrainingJob.objects.get()
    record(job, steps=20, micro_batch_size=min(micro_batch_size or 16, 16 // count), tokens_per_second=1000.0 * count)
    body = {"dataset_id": str(dataset.pk), "basis": "best", **chosen}
    answer = api.post("/api/jobs/estimate", body, format="json")
    data = answer.json()["data"]
    assert data["basis_runs"] == 1
    assert data["training_details"]["estimated_throughput_tokens_per_sec"] == pytest.approx(1000 * count, rel=0.1)


def test_a_dry_run_on_a_cpu_says_nothing_about_the_gpu(signed_in, api, dataset):
    start(api, dataset, probe=True)
    job = TrainingJob.objects.get()
    record(job, device="cpu", device_name="CPU (AMD EPYC)", steps=20, tokens_per_second=100.0)
    page = signed_in.get(f"/training/configure?probe={job.pk}")
    assert page.context["quote"].forecast.basis == "architecture"
    text = " ".join(page.content.decode().split())
    assert "This was not on the chosen H100" in text
    assert "1.67 h" in text  # 600,000 tokens at 100 a second


def test_anothers_dry_run_opens_nothing(client, api, dataset, other_user):
    start(api, dataset, probe=True)
    job = TrainingJob.objects.get()
    record(job, steps=20)
    client.force_login(other_user)
    assert "Dataset not found" not in client.get(f"/training/configure?probe={job.pk}").content.decode()
    assert client.get(f"/training/configure?probe={job.pk}").context["dataset"] is None


@pytest.mark.parametrize(("field", "value"), [("allow_oom", "yes"), ("probe", 1), ("micro_batch_size", 65)])
def test_bad_options_are_refused_with_the_field_named(api, dataset, field, value):
    answer = start(api, dataset, **{field: value})
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
