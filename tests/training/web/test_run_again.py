"""Run again with changes: the configure page as the job was configured, by its address alone."""

from html import unescape

import pytest

from tests.training.web.fits import put
from tests.training.web.test_configure_page import URL, values
from training.models import GpuType, TrainingJob

pytestmark = pytest.mark.django_db

DEFAULTS = {}
EVERYTHING = {
    "preset": "custom", "gpu_type": "H100", "gpu_count": 3, "learning_rate": 0.0003, "batch_size": 7, "epochs": 2,
    "rank": 24, "alpha": 50, "dropout": 0.15, "max_sequence_length": 1024, "too_long": "cut", "micro_batch_size": 2,
    "quantization": "nf4", "precision": "bf16", "gradient_checkpointing": "on", "max_cost": "12.50",
    "name": "Tone & more", "tags": "a, b c",
}  # fmt: skip


def again(client, job):
    address = f"/training/jobs/{job.pk}/again"
    assert f'href="{address}"' in client.get(f"/training/jobs/{job.pk}").content.decode()
    return client.get(address).url


def columns(job):
    names = ("preset_id", "gpu_config", "hyperparameters", "base_model_id", "max_cost", "name", "tags", "dataset_id")
    plan = job.plan
    return [getattr(job, name) for name in names] + [plan.options, plan.too_long]


@pytest.mark.parametrize("changes", [DEFAULTS, {"preset": "quality"}, EVERYTHING], ids=["as first", "preset", "all"])
def test_what_is_started_from_it_unchanged_is_the_same_run(signed_in, dataset, changes):
    put(dataset, length=1024, too_long="cut", status="unavailable")
    answer = signed_in.post(URL, values(dataset, **changes))
    assert answer.status_code == 302, answer.context["form"].errors
    first = TrainingJob.objects.get()
    form = signed_in.get(again(signed_in, first)).context["form"]
    assert not form.set_aside
    shown = {field.html_name: form.fields[field.name].prepare_value(field.value()) for field in form}
    sent = {name: value for name, value in shown.items() if value not in (None, False, "")}
    answer = signed_in.post(URL, sent)
    assert answer.status_code == 302, answer.context["form"].errors
    second = TrainingJob.objects.exclude(pk=first.pk).get()
    assert columns(second) == columns(first)


def test_it_names_no_more_than_what_is_not_as_usual(signed_in, dataset):
    signed_in.post(URL, values(dataset, rank=24, learning_rate=0.00005))
    address = again(signed_in, TrainingJob.objects.get())
    assert {part.split("=")[0] for part in address.split("?")[1].split("&")} <= {"datasetId", "rank", "gpu_type"}


def test_what_is_no_longer_on_offer_is_said(signed_in, dataset):
    signed_in.post(URL, values(dataset, gpu_type="H100"))
    GpuType.objects.filter(name="H100").update(is_active=False)
    page = unescape(signed_in.get(again(signed_in, TrainingJob.objects.get())).content.decode())
    assert "The address has “H100” here, which was left out." in page


def test_without_its_dataset_a_job_is_not_run_again(signed_in, put_job, dataset):
    job = put_job("completed")
    type(dataset).objects.filter(pk=dataset.pk).update(deleted_at=job.created_at, training_ready=False)
    assert "Run again with changes" not in signed_in.get(f"/training/jobs/{job.pk}").content.decode()
