"""How rows are read, as chosen on the page and by scripts: roles, joined turns, preference data."""

import json

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from datasets import tasks
from datasets.models import Dataset
from datasets.services import dataset_upload
from tests.datasets.corpus import jsonl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tokenizer_of_the_tiny_model")]

BOT = [{"messages": [{"role": "user", "content": f"Hi {number}"}, {"role": "bot", "content": "Hello"}]}
       for number in range(3)]  # fmt: skip
TWICE = [{"messages": [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Well?"},
                       {"role": "assistant", "content": "Hello"}]}]  # fmt: skip
PREFERENCE = [{"prompt": "Hi", "chosen": "Hello", "rejected": "What?"}]


@pytest.fixture
def read_dataset(user):
    def make(rows, **chosen):
        dataset = dataset_upload(user=user, name="Chats", file=ContentFile(jsonl(rows), name="d.jsonl"), **chosen)
        return read_again(dataset)

    return make


def read_again(dataset):
    tasks.validate_dataset(str(dataset.pk))
    dataset.refresh_from_db()
    return dataset


def send(api, rows, **values):
    file = SimpleUploadedFile("chats.jsonl", jsonl(rows))
    return api.post("/api/datasets", {"file": file, **values}, format="multipart")


def test_other_role_names_are_asked_for_on_the_page_and_taken(signed_in, read_dataset):
    dataset = read_dataset(BOT)
    assert dataset.problem_counts["unknown_role"] == 3
    assert "Other role names" in signed_in.get(f"/datasets/{dataset.pk}").content.decode()
    answer = signed_in.post(f"/datasets/{dataset.pk}/read", {"format": "", "roles": "bot=friend"})
    assert answer.status_code == 422
    assert "must mean one of" in answer.content.decode()
    signed_in.post(f"/datasets/{dataset.pk}/read", {"format": "", "fold_system": "on", "roles": "bot = assistant"})
    dataset = read_again(dataset)
    assert (dataset.status, dataset.total_training_pairs) == ("ready", 3)
    assert dataset.mapping == {"role:bot": "assistant"}
    assert 'value="bot=assistant"' in signed_in.get(f"/datasets/{dataset.pk}").content.decode()


def test_preference_data_are_trained_on_once_that_is_chosen(signed_in, read_dataset):
    dataset = read_dataset(PREFERENCE)
    assert (dataset.status, dataset.training_ready) == ("error", False)
    page = signed_in.get(f"/datasets/{dataset.pk}").content.decode()
    assert '<option value="preference" selected>' in page
    signed_in.post(f"/datasets/{dataset.pk}/read", {"format": "preference", "fold_system": "on"})
    dataset = read_again(dataset)
    assert (dataset.status, dataset.total_training_pairs) == ("ready", 1)


def test_turns_are_joined_once_that_is_chosen(signed_in, read_dataset):
    dataset = read_dataset(TWICE)
    assert dataset.problem_counts["turn_order"] == 1
    signed_in.post(f"/datasets/{dataset.pk}/read", {"format": "openai_chat", "merge_turns": "on", "fold_system": "on"})
    dataset = read_again(dataset)
    assert (dataset.status, dataset.merge_turns, dataset.fold_system) == ("ready", True, True)


def test_scripts_choose_the_same_at_once(api):
    sent = send(api, TWICE, merge_turns="true", fold_system="false").json()["data"]
    assert (sent["merge_turns"], sent["fold_system"], sent["tool_calls"]) == (True, False, "train")
    sent = send(api, BOT, mapping=json.dumps({"role:bot": "assistant"})).json()["data"]
    assert (sent["merge_turns"], sent["fold_system"], sent["mapping"]) == (False, True, {"role:bot": "assistant"})
    dataset = read_again(Dataset.objects.get(pk=sent["id"]))
    assert dataset.status == "ready"
    answer = api.patch(f"/api/datasets/{dataset.pk}", {"merge_turns": True}, format="json").json()["data"]
    assert (answer["merge_turns"], answer["fold_system"], answer["status"]) == (True, True, "uploaded")


@pytest.mark.parametrize(
    "mapping",
    [{"role:bot": "friend"}, {"role:bot": 1}, {"nofield": "x"}, {"prompt": "a\0"}, {"prompt": "\ud83d"},
     {"role:\0": "user"}],
)  # fmt: skip
def test_a_mapping_that_means_nothing_is_refused(api, read_dataset, mapping):
    dataset = read_dataset(TWICE)
    body = json.dumps({"mapping": mapping})  # in ASCII: half a surrogate pair can be sent in no other way
    answer = api.patch(f"/api/datasets/{dataset.pk}", body, content_type="application/json")
    assert answer.status_code == 400
    assert all(path.split(".")[0] == "mapping" for path in answer.json()["details"])


def test_keys_that_no_database_stores_do_not_end_the_reading(read_dataset):
    row = json.dumps({"prompt": "a", "completion": "b", "bad\ud83dkey": 1, "nul\0key": 2}).encode()
    dataset = read_dataset([{"prompt": "c", "completion": "d"}])
    other = dataset_upload(user=dataset.user, name="Keys", file=ContentFile(row, name="d.jsonl"))
    other = read_again(other)
    assert (other.status, other.total_training_pairs) == ("ready", 1)
    assert other.version.columns == ["prompt", "completion", "bad\\ud83dkey", "nul\\x00key"]
