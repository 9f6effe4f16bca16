"""What is refused at /v1 before any server is asked, in the shape that OpenAI's clients read."""

import pytest
from django.test import Client

from pipeline.accounts.models import ApiToken
from training.models import Artifact, BaseModel

pytestmark = pytest.mark.django_db
MESSAGES = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def script(user):
    return Client(headers={"Authorization": f"Bearer {ApiToken.objects.create(user)[1]}"})


@pytest.fixture
def job(put_job):
    job = put_job("completed")
    Artifact.objects.create(job=job, file="gone.zip", file_name="adapter.zip", size=1, sha256="0" * 64)
    return job


def ask(script, **body):
    """Status and error."""
    answer = script.post("/v1/chat/completions", body, content_type="application/json")
    said = answer.json()["error"]
    assert said.keys() == {"message", "type", "param", "code"}
    return answer.status_code, said


@pytest.mark.parametrize("model", [None, 5, [], {}])
def test_a_request_names_a_model(script, catalogue, model):
    status, said = ask(script, messages=MESSAGES, **({} if model is None else {"model": model}))
    assert (status, said["param"], said["type"]) == (400, "model", "invalid_request_error")


def test_an_adapter_is_asked_by_its_base_and_its_job(script, job, put_job):
    running, bare = put_job("running"), put_job("completed")
    base = job.base_model.name
    for model in (str(job.pk), f":{job.pk}", f"other:{job.pk}", f"{base}:{running.pk}", f"{base}:{bare.pk}", "x" * 500):
        status, said = ask(script, model=model, messages=MESSAGES)
        assert (status, said["code"]) == (404, "model_not_found"), model
    listed = [one["id"] for one in script.get("/v1/models").json()["data"]]
    assert [one for one in listed if ":" in one] == [f"{base}:{job.pk}"]
    assert set(BaseModel.objects.filter(is_active=True).values_list("name", flat=True)) < set(listed)


def test_an_adapter_whose_file_is_gone_is_said_to_be(script, job, tiny_model, settings):
    settings.MODELS_DIR = tiny_model.parent
    BaseModel.objects.filter(pk=job.base_model_id).update(source=tiny_model.name)
    status, said = ask(script, model=f"{job.base_model.name}:{job.pk}", messages=MESSAGES)
    assert (status, said["code"]) == (409, "model_unusable")
    assert "adapter.zip" in said["message"]


def test_where_nothing_is_served_that_is_said(script, job, settings):
    settings.INFERENCE_DEVICE = "none"
    status, said = ask(script, model=job.base_model.name, messages=MESSAGES)
    assert (status, said["type"]) == (503, "server_error")
    assert "PIPELINE_INFERENCE_URL" in said["message"]
