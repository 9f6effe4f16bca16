"""A template that rewrites earlier turns: every pair is trained on, and page, log, card and API say the same counts."""

import importlib.util
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from datasets.models import Dataset
from tests.e2e.conftest import job_body, wait_for, wait_for_status
from training.models import BaseModel

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 9
COUNTS = f"{ROWS} of {ROWS} conversations, 0 dropped, 0 truncated"


def conversation(number):
    messages = []
    for turn in range(3):
        messages.append({"role": "user", "content": f"{number} and {turn}?"})
        answer = f"<think>\nadd {turn} to {number}\n</think>\n\n{number + turn}"
        messages.append({"role": "assistant", "content": answer})
    return {"messages": messages}


@pytest.fixture
def thinking_model(tiny_model, tiny_base_model):
    """The tiny model with the template of Qwen3, which leaves out the thinking of all turns but the last."""
    (package,) = importlib.util.find_spec("trl").submodule_search_locations
    folder = tiny_model.parent / "thinking"
    shutil.copytree(tiny_model, folder, dirs_exist_ok=True)
    shutil.copy(Path(package) / "chat_templates" / "qwen3.jinja", folder / "chat_template.jinja")
    return BaseModel.objects.create(
        name="example/thinking", source=folder.name, parameters=tiny_base_model.parameters, license="MIT"
    )


def test_all_pairs_are_trained_on_and_said_everywhere(person, user, start_worker, thinking_model, tmp_path):
    start_worker("default")
    gpu = start_worker("gpu")
    rows = "".join(json.dumps(conversation(number)) + "\n" for number in range(ROWS)).encode()
    person.submit("/datasets/upload", file=SimpleUploadedFile("sums.jsonl", rows), name="Sums")
    dataset = wait_for(lambda: Dataset.objects.filter(user=user, status="ready").first(), what="the data set")
    assert dataset.total_training_pairs == 27

    body = job_body(dataset, batch_size=4, epochs=2) | {"base_model": thinking_model.name}
    status, answer = person.api("POST", "/api/jobs", body)
    assert (status, "being checked" in json.dumps(answer)) == (409, True)
    wait_for(lambda: dataset.version.fits.filter(source="thinking", status="ready").exists(), what="the check")
    status, answer = person.api("POST", "/api/jobs/estimate", {name: body[name] for name in body if name in (
        "dataset_id", "gpu_config", "hyperparameters", "base_model")})  # fmt: skip
    found = answer["data"]["data"]
    assert (found["conversations"], found["pairs"], found["lost"]["count"]) == (ROWS, 27, 0)
    assert answer["data"]["training_details"]["total_steps"] == 14
    status, answer = person.api("POST", "/api/jobs", body)
    assert status == 201, answer
    job = wait_for_status(answer["data"]["id"], "completed", "failed")
    assert job.status == "completed", job.log_tail + gpu.log.read_text()

    assert (job.current_step, job.total_steps) == (14, 14)
    assert job.data["train_pairs"] + job.data["evaluation_pairs"] == 27
    assert COUNTS in job.log_tail
    assert COUNTS in person.page(f"/training/jobs/{job.pk}")
    _, answer = person.api("GET", f"/api/jobs/{job.pk}")
    assert answer["data"]["data"] == job.data
    with zipfile.ZipFile(io.BytesIO(person.get(f"/api/jobs/{job.pk}/adapter"))) as archive:
        (card,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith("README.md"))
    assert COUNTS in card
