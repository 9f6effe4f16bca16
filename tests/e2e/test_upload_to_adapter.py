"""The whole way, over HTTP and with real workers: from a file to an adapter that changes the model's answers."""

import io
import json
import os
import signal
import subprocess
import sys
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from datasets.models import Dataset
from notifications.models import Notification
from tests.e2e.conftest import FAST, chats, job_body, trainer_of, wait_for, wait_for_status
from training.models import BaseModel, JobMetric, TrainingJob

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERS = """
import sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
base, adapter = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(adapter)
question = [{"role": "user", "content": "Say red"}]
inputs = tokenizer.apply_chat_template(question, return_tensors="pt", add_generation_prompt=True)
def answer(model):
    ids = model.generate(**inputs, max_new_tokens=24, do_sample=False)
    return tokenizer.decode(ids[0, inputs["input_ids"].shape[1]:])
model = AutoModelForCausalLM.from_pretrained(base)
before = answer(model)
after = answer(PeftModel.from_pretrained(model, adapter))
assert before != after, (before, after)
"""


def test_from_a_file_to_an_adapter_that_changes_the_answers(person, user, start_worker, tiny_model, tmp_path):
    start_worker("default")
    gpu = start_worker("gpu")
    person.submit("/datasets/upload", file=SimpleUploadedFile("chats.jsonl", chats()), name="Real chats")
    ready = wait_for(lambda: Dataset.objects.filter(user=user, status="ready").first(), what="the data set")
    assert ready.total_training_pairs == 144
    assert "Configure training" in person.page(f"/datasets/{ready.pk}")

    values = FAST | {"learning_rate": 0.001, "preset_id": "custom", "gpu_type": "A100-80GB", "gpu_count": 2}
    values |= {"dataset_id": ready.pk, "base_model": BaseModel.objects.get(is_default=True).pk}
    page = person.submit(f"/training/configure?datasetId={ready.pk}", **values)
    assert "Training job created and queued for processing" in page
    job_id = person.url.rpartition("/")[2]
    job = wait_for_status(job_id, "completed", "failed")
    assert job.status == "completed", job.log_tail + gpu.log.read_text()

    assert (job.current_step, job.total_steps, job.progress, job.current_epoch) == (18, 18, 100, 1)
    assert (job.device, job.current_cost, job.attempt) == ("cpu", 0, 1)
    losses = list(JobMetric.objects.filter(job=job).values_list("loss", flat=True))
    assert len(losses) == 18
    assert sum(losses[-4:]) < sum(losses[:4])
    curves = json.loads(person.get(f"/training/jobs/{job_id}/metrics"))
    assert curves["steps"] == list(range(1, 19))
    assert curves["evaluation_loss"][-1] == pytest.approx(job.current_metrics["evaluation_loss"])

    page = person.page(f"/training/jobs/{job_id}")
    assert "Ran on CPU" in page
    assert f"would have cost an estimated ${job.estimated_total_cost}" in page
    history = [event.to_status for event in job.events.all()]
    assert history == ["queued", "initializing", "running", "completed"]
    types = set(Notification.objects.values_list("type", flat=True))
    assert types == {"dataset_ready", "job_queued", "job_completed"}

    with zipfile.ZipFile(io.BytesIO(person.get(f"/api/jobs/{job_id}/adapter"))) as archive:
        archive.extractall(tmp_path)
        (folder,) = {name.partition("/")[0] for name in archive.namelist()}
    names = {path.name for path in (tmp_path / folder).iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "README.md"} <= names
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", ANSWERS, str(tiny_model), str(tmp_path / folder)],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_job_that_cannot_run_fails_with_a_reason_and_what_to_do(person, ready, start_worker, start_job, user):
    BaseModel.objects.filter(is_default=True).update(source="/nowhere/to/be/found")
    start_worker("gpu")
    job = wait_for_status(start_job(ready), "failed", "completed")
    assert (job.status, job.error_code) == ("failed", "model_not_found")
    assert "/nowhere/to/be/found" in job.error_message
    assert "Correct its source in the admin" in job.error_message
    assert job.error_message in Notification.objects.get(user=user, type="job_failed").message
    page = person.page(f"/training/jobs/{job.pk}")
    assert "Training failed" in page


@pytest.fixture
def long_job(ready, start_worker, start_job):
    """A job that has done some of its thousands of steps, and its worker, which tries a job once."""
    worker = start_worker("gpu", PIPELINE_MAX_ATTEMPTS="1")
    job_id = start_job(ready, batch_size=1, epochs=20)
    wait_for(lambda: TrainingJob.objects.get(pk=job_id).current_step > 3, what="the first steps")
    return TrainingJob.objects.get(pk=job_id), worker


def test_a_killed_trainer_is_a_failure_that_people_understand(long_job):
    job, _ = long_job
    os.kill(trainer_of(job), signal.SIGKILL)
    job = wait_for_status(job.pk, "failed")
    assert job.error_code == "killed"
    assert "ran out of memory" in job.error_message
    assert "Running on" in job.log_tail


def test_a_stopping_worker_returns_its_job_and_another_continues_it(long_job, start_worker):
    job, worker = long_job
    worker.stop()
    job = wait_for_status(job.pk, "queued")
    assert trainer_of(job) is None
    stopped_at = job.current_step
    assert stopped_at > 3
    start_worker("gpu")
    job = wait_for_status(job.pk, "running")
    assert job.attempt == 2
    wait_for(lambda: TrainingJob.objects.get(pk=job.pk).current_step > stopped_at + 3, what="more steps")
    assert f"Continuing after step {stopped_at} " in TrainingJob.objects.get(pk=job.pk).log_tail


def test_a_trainer_ends_with_its_killed_worker(long_job):
    job, worker = long_job
    worker.process.kill()
    wait_for(lambda: trainer_of(job) is None, seconds=10, what="the trainer's end")


def test_creation_answers_at_once_while_the_broker_is_down(person, ready, environment):
    code = f"""
import os, time, django
django.setup()
from datasets.models import Dataset
from rest_framework.test import APIClient
client = APIClient()
dataset = Dataset.objects.get()
client.force_authenticate(dataset.user)
began = time.monotonic()
answer = client.post("/api/jobs", {job_body(ready)!r}, format="json", HTTP_HOST="localhost")
print(answer.status_code, time.monotonic() - began)
"""
    broken = environment | {"REDIS_URL": "redis+socket:///nowhere/valkey.sock"}
    broken |= {"DJANGO_SETTINGS_MODULE": "pipeline.settings", "PYTHONPATH": os.getcwd()}
    done = subprocess.run([sys.executable, "-c", code], env=broken, capture_output=True, text=True, check=True)
    status, seconds = done.stdout.split()
    assert status == "201", done.stdout
    assert float(seconds) < 2
    assert TrainingJob.objects.get().status == "queued"
