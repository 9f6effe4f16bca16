"""The JSON API of data sets, as scripts use it."""

import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from datasets import tasks
from datasets.models import Dataset
from tests.datasets.corpus import chat, jsonl
from training.models import BaseModel, TrainingJob

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tokenizer_of_the_tiny_model")]

GOOD = [{"messages": chat((f"Question {number}", f"Answer {number}"))} for number in range(8)]


def send(api, content, file_name="chats.jsonl", **values):
    return api.post("/api/datasets", {"file": SimpleUploadedFile(file_name, content), **values}, format="multipart")


def read(answer, status=200):
    body = answer.json()
    assert answer.status_code == status, body
    assert body["success"] is True
    return body["data"]


def refused(answer, status):
    body = answer.json()
    assert answer.status_code == status, body
    assert set(body) == {"error", "details"}
    return body


@pytest.fixture
def uploaded(api):
    """A data set that was sent and read: its id."""

    def make(content, **values):
        data = read(send(api, content, **values), 201)
        tasks.validate_dataset(data["id"])
        return data["id"]

    return make


def test_a_file_is_sent_read_and_described(api, user):
    data = read(send(api, jsonl(GOOD)), 201)
    assert (data["name"], data["status"], data["training_ready"], data["user_id"]) == (
        "chats",
        "uploaded",
        False,
        user.pk,
    )
    assert data["version"]["number"] == 1
    assert len(data["version"]["sha256"]) == 64
    refused(api.get(f"/api/datasets/{data['id']}/left-out"), 409)  # not yet known
    tasks.validate_dataset(data["id"])
    data = read(api.get(f"/api/datasets/{data['id']}"))
    assert (data["status"], data["training_ready"], data["format"]) == ("ready", True, "openai_chat")
    assert (data["total_conversations"], data["total_training_pairs"], data["total_turns"]) == (8, 8, 16)
    assert data["trained_tokens"] < data["total_tokens"] == sum(data["length_histogram"]["tokens"])


def test_the_format_columns_and_tool_calls_can_be_chosen_at_once(api, uploaded):
    mapping = json.dumps({"prompt": "q", "completion": "a"})
    id_ = uploaded(jsonl([{"q": "Hello", "a": "Hi"}]), format="prompt_completion", mapping=mapping, tool_calls="train")
    data = read(api.get(f"/api/datasets/{id_}"))
    assert (data["status"], data["format"], data["tool_calls"]) == ("ready", "prompt_completion", "train")
    assert data["mapping"] == {"prompt": "q", "completion": "a"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"format": "yaml"}, "format"),
        ({"mapping": "[1]"}, "mapping"),
        ({"mapping": "{"}, "mapping"),
        ({"mapping": '{"nonsense": "a"}'}, "mapping"),
        ({"tool_calls": "maybe"}, "tool_calls"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_a_bad_choice_is_named_by_its_field(api, values, field):
    assert field in refused(send(api, jsonl(GOOD), **values), 400)["details"]
    assert not Dataset.objects.exists()


def test_a_file_is_needed_and_its_name_says_what_it_is(api):
    assert "file" in refused(api.post("/api/datasets", {}, format="multipart"), 400)["details"]
    assert "file" in refused(api.post("/api/datasets", {"file": "x"}, format="json"), 400)["details"]
    assert "file" in refused(send(api, b"x", file_name="d.exe"), 400)["details"]
    refused(api.post("/api/datasets", b"x", content_type="application/octet-stream"), 415)


def test_the_list_has_pages_and_a_filter(api, make_dataset, other_user):
    for number in range(3):
        make_dataset(name=f"D{number}")
    make_dataset(name="Broken", status="error", training_ready=False)
    make_dataset(name="Theirs", user=other_user)
    data = read(api.get("/api/datasets?limit=2"))
    assert [dataset["name"] for dataset in data["datasets"]] == ["Broken", "D2"]
    pagination = {"page": 1, "limit": 2, "total": 4, "totalPages": 2, "previous": None}
    assert data["pagination"] == pagination | {"next": data["pagination"]["next"]}
    more = read(api.get("/api/datasets", {"limit": 2, "cursor": data["pagination"]["next"]}))
    assert [dataset["name"] for dataset in more["datasets"]] == ["D1", "D0"]
    data = read(api.get("/api/datasets?status=error"))
    assert [dataset["name"] for dataset in data["datasets"]] == ["Broken"]
    assert "limit" in refused(api.get("/api/datasets?limit=1000"), 400)["details"]


def test_a_list_takes_a_fixed_number_of_queries(api, make_dataset, django_assert_max_num_queries):
    for _ in range(10):
        make_dataset()
    with django_assert_max_num_queries(4):
        api.get("/api/datasets")


def test_errors_come_in_pages_by_severity_and_kind(api, uploaded):
    id_ = uploaded(jsonl(GOOD) + b"{\n" * 150 + jsonl([{"messages": chat(("Who?", "jane@acme.io"))}]))
    data = read(api.get(f"/api/datasets/{id_}/errors"))
    assert (data["error_count"], data["warning_count"]) == (150, 1)
    assert data["counts"] == {"row_json": 150, "email": 1}
    pagination = data["pagination"]
    assert [pagination[key] for key in ("page", "limit", "total", "totalPages")] == [1, 100, 101, 2]
    (last,) = read(api.get(f"/api/datasets/{id_}/errors", {"cursor": pagination["next"]}))["errors"]
    assert last["kind"] == "email"
    (warning,) = read(api.get(f"/api/datasets/{id_}/errors?severity=warning"))["errors"]
    assert (warning["kind"], warning["line"], warning["field"]) == ("email", 159, "message 2 (assistant)")
    data = read(api.get(f"/api/datasets/{id_}/errors?kind=row_json&limit=10&page=10"))
    assert [error["line"] for error in data["errors"]] == list(range(99, 109))


def test_the_preview_is_in_segments(api, uploaded):
    id_ = uploaded(jsonl(GOOD))
    data = read(api.get(f"/api/datasets/{id_}/preview?row=2&limit=1"))
    assert (data["total"], len(data["rows"])) == (8, 1)
    (row,) = data["rows"]
    assert row["line"] == 3
    assert [(part["text"], part["is_trained"]) for part in row["segments"]][1] == ("Answer 2<|im_end|>", True)
    cut = read(api.get(f"/api/datasets/{id_}/preview?length=20"))["rows"][0]["segments"]
    assert [part["is_beyond"] for part in cut][-1] is True


def test_a_preview_of_what_was_not_read_is_a_conflict(api, dataset):
    refused(api.get(f"/api/datasets/{dataset.pk}/preview"), 409)


def test_training_goes_on_without_the_bad_rows(api, uploaded):
    id_ = uploaded(jsonl(GOOD) + b"{\n")
    assert read(api.get(f"/api/datasets/{id_}"))["training_ready"] is False
    data = read(api.post(f"/api/datasets/{id_}/continue"))
    assert (data["status"], data["training_ready"], data["left_out_count"]) == ("ready", True, 1)
    assert b"".join(api.get(f"/api/datasets/{id_}/left-out").streaming_content) == b"line,kind\n9,row_json\n"
    refused(api.post(f"/api/datasets/{id_}/continue"), 409)


def test_validation_is_cancelled_and_asked_for_again(api):
    id_ = read(send(api, jsonl(GOOD)), 201)["id"]
    assert read(api.post(f"/api/datasets/{id_}/cancel"))["status"] == "cancelled"
    refused(api.post(f"/api/datasets/{id_}/cancel"), 409)
    tasks.validate_dataset(id_)
    assert read(api.get(f"/api/datasets/{id_}"))["status"] == "cancelled"
    assert read(api.post(f"/api/datasets/{id_}/validate"))["status"] == "uploaded"
    Dataset.objects.update(status="validating")
    refused(api.post(f"/api/datasets/{id_}/validate"), 409)


def test_patch_renames_and_sets_what_is_held_out(api, uploaded, make_dataset):
    id_, other = uploaded(jsonl(GOOD)), make_dataset()
    changes = {"name": "New", "evaluation_share": 0.1, "split_seed": 3, "evaluation_dataset_id": str(other.pk)}
    data = read(api.patch(f"/api/datasets/{id_}", changes, format="json"))
    assert {name: data[name] for name in changes} == changes
    assert data["status"] == "ready"
    assert (
        "evaluation_share"
        in refused(api.patch(f"/api/datasets/{id_}", {"evaluation_share": 2}, format="json"), 400)["details"]
    )
    own = {"evaluation_dataset_id": id_}
    assert "evaluation_dataset_id" in refused(api.patch(f"/api/datasets/{id_}", own, format="json"), 400)["details"]


def test_patch_of_how_it_is_read_has_it_read_again(api, uploaded):
    id_ = uploaded(jsonl([{"text": "Hello", "prompt": "a", "completion": "b"}]))
    assert read(api.get(f"/api/datasets/{id_}"))["format"] == "prompt_completion"
    data = read(api.patch(f"/api/datasets/{id_}", {"format": "text"}, format="json"))
    assert (data["status"], data["version"]["number"]) == ("uploaded", 2)
    tasks.validate_dataset(id_)
    assert read(api.get(f"/api/datasets/{id_}"))["format"] == "text"
    Dataset.objects.update(status="validating", training_ready=False)
    refused(api.patch(f"/api/datasets/{id_}", {"format": "auto"}, format="json"), 409)


def test_a_changed_file_is_a_new_version_and_a_job_keeps_the_one_it_has(api, uploaded):
    BaseModel.objects.filter(is_default=True).update(source="tiny")  # what the validation has checked
    id_ = uploaded(jsonl(GOOD))
    body = {
        "dataset_id": id_, "preset_id": "custom", "gpu_config": {"type": "H100", "count": 1}, "estimated_cost": 1,
        "hyperparameters": {"learning_rate": 1e-4, "batch_size": 4, "epochs": 1, "rank": 8},
    }  # fmt: skip
    job_id = read(api.post("/api/jobs", body, format="json"), 201)["id"]
    url = f"/api/datasets/{id_}/versions"
    refused(api.post(url, {"file": SimpleUploadedFile("d.jsonl", jsonl(GOOD))}, format="multipart"), 409)
    data = read(api.post(url, {"file": SimpleUploadedFile("d.jsonl", jsonl(GOOD[:4]))}, format="multipart"), 201)
    assert (data["version"]["number"], data["status"]) == (2, "uploaded")
    tasks.validate_dataset(id_)
    second, first = read(api.get(url))["versions"]
    assert (first["number"], first["total_training_pairs"], second["total_training_pairs"]) == (1, 8, 4)
    job = TrainingJob.objects.get(pk=job_id)
    assert (job.dataset_version.number, job.dataset_sha256) == (1, first["sha256"])
    old = api.get(f"/api/datasets/{id_}/download?version=1")
    assert b"".join(old.streaming_content) == jsonl(GOOD)


def test_deletion_is_refused_while_a_job_needs_it_or_evaluates_on_it(api, uploaded, put_job):
    id_ = uploaded(jsonl(GOOD))
    dataset = Dataset.objects.get(pk=id_)
    job = put_job()
    TrainingJob.objects.filter(pk=job.pk).update(evaluation_version=dataset.version)
    assert str(job.pk)[:8] in refused(api.delete(f"/api/datasets/{id_}"), 409)["details"]
    TrainingJob.objects.filter(pk=job.pk).update(evaluation_version=None)
    assert read(api.delete(f"/api/datasets/{id_}")) == {"id": id_, "deleted": True}
    refused(api.get(f"/api/datasets/{id_}"), 404)
    refused(api.delete(f"/api/datasets/{id_}"), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""), ("patch", ""), ("delete", ""), ("get", "/errors"), ("get", "/preview"), ("get", "/versions"),
        ("post", "/versions"), ("post", "/validate"), ("post", "/continue"), ("post", "/cancel"), ("get", "/download"),
        ("get", "/left-out"),
    ],
)  # fmt: skip
def test_another_users_dataset_looks_like_none_and_strangers_are_refused(
    api, client, make_dataset, other_user, method, path
):
    theirs = make_dataset(user=other_user)
    for pk in (theirs.pk, uuid.uuid4()):
        answer = refused(getattr(api, method)(f"/api/datasets/{pk}{path}"), 404)
        assert answer["error"] == "Dataset not found or access denied"
    refused(getattr(client, method)(f"/api/datasets/{theirs.pk}{path}"), 401)
