"""From an uploaded file to a data set that is ready, or to the list of what is wrong."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from datasets import tasks, validation
from datasets.models import Dataset
from datasets.services import dataset_upload, dataset_validate_again
from datasets.tokens import ChatTokenizer, TokenizerNotFound
from notifications.models import Notification

pytestmark = pytest.mark.django_db

CHATS = [
    [{"role": "user", "content": "What is 12 + 30?"}, {"role": "assistant", "content": "It is 42."}],
    [
        {"role": "system", "content": "Answer in French — s'il vous plaît."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Bonjour !"},
        {"role": "user", "content": "And 😀?"},
        {"role": "assistant", "content": "  Ça va.  "},
    ],
]


def lines(*conversations):
    return "".join(json.dumps({"messages": messages}) + "\n" for messages in conversations).encode()


@pytest.fixture(autouse=True)
def tokenizer_of_the_tiny_model(settings, tiny_model):
    settings.MODELS_DIR = tiny_model.parent
    settings.TOKENIZER = tiny_model.name


@pytest.fixture
def upload(user):
    def send(content, name="chats.jsonl"):
        return dataset_upload(user=user, name="Chats", file=ContentFile(content, name=name))

    return send


def validated(dataset):
    tasks.validate_dataset(str(dataset.pk))
    dataset.refresh_from_db()
    return dataset


def test_a_good_file_is_ready_with_its_counts(upload, user, tiny_model):
    dataset = upload(lines(*CHATS))
    assert (dataset.status, dataset.training_ready) == ("uploaded", False)
    dataset = validated(dataset)
    assert (dataset.status, dataset.training_ready, dataset.progress) == ("ready", True, 100)
    assert (dataset.total_conversations, dataset.total_training_pairs) == (2, 3)
    assert dataset.total_tokens == sum(ChatTokenizer(tiny_model).count(CHATS))
    assert dataset.error_report == []
    note = Notification.objects.get(user=user)
    assert note.type == "dataset_ready"
    assert "2 conversations, 3 training pairs" in note.message
    assert note.action_url == f"/datasets/{dataset.pk}"


def test_tokens_are_counted_as_the_trainer_counts_them(tiny_model):
    code = """
import json, sys
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
for messages in json.loads(sys.argv[2]):
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    print(len(tokenizer(text, add_special_tokens=False)["input_ids"]))
"""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny_model), json.dumps(CHATS)],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ChatTokenizer(tiny_model).count(CHATS) == [int(line) for line in done.stdout.split()]


def test_one_bad_line_makes_the_whole_file_an_error_and_is_named(upload, user):
    dataset = validated(upload(lines(*CHATS) + b"{oops\n" + lines(CHATS[0])))
    assert (dataset.status, dataset.training_ready) == ("error", False)
    assert dataset.error_count == 1
    assert dataset.error_report[0]["line"] == 3
    assert "Not valid JSON" in dataset.error_report[0]["reason"]
    note = Notification.objects.get(user=user)
    assert (note.type, note.priority) == ("dataset_error", "high")
    assert "1 problem found" in note.message


def test_all_errors_are_counted_and_the_first_hundred_kept(upload):
    dataset = validated(upload(b"{\n" * 250))
    assert dataset.error_count == 250
    assert [error["line"] for error in dataset.error_report] == list(range(1, 101))


@pytest.mark.parametrize("content", [b"\n\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_conversation_is_an_error(upload, content):
    dataset = validated(upload(content))
    assert dataset.status == "error"
    assert dataset.error_report[0]["reason"]


def test_a_tokenizer_that_is_not_there_is_said_and_not_waited_for(upload, settings):
    settings.TOKENIZER = "absent"
    dataset = validated(upload(lines(*CHATS)))
    assert dataset.status == "error"
    assert "make install" in dataset.error_report[0]["reason"]


def test_a_model_without_a_chat_template_cannot_count(tmp_path, tiny_model):
    (tmp_path / "tokenizer.json").write_bytes((tiny_model / "tokenizer.json").read_bytes())
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(TokenizerNotFound, match="no chat template"):
        ChatTokenizer(tmp_path)


def test_a_stored_file_that_vanished_is_said(upload):
    dataset = upload(lines(*CHATS))
    dataset.file.storage.delete(dataset.file.name)
    dataset = validated(dataset)
    assert dataset.status == "error"
    assert "Upload it again" in dataset.error_report[0]["reason"]


def test_a_dataset_is_validated_once(upload, user):
    dataset = validated(upload(lines(*CHATS)))
    validated(dataset)
    assert Notification.objects.filter(user=user).count() == 1


def test_another_worker_takes_over_only_when_the_first_fell_silent(upload):
    dataset = upload(lines(*CHATS))
    silent = timezone.now() - validation.SILENCE
    Dataset.objects.filter(pk=dataset.pk).update(status="validating", heartbeat_at=silent + timedelta(seconds=30))
    assert validated(dataset).status == "validating"
    Dataset.objects.filter(pk=dataset.pk).update(heartbeat_at=silent)
    assert validated(dataset).status == "ready"


def test_the_sweep_finds_what_no_worker_heard_of(upload):
    dataset = upload(lines(*CHATS))
    tasks.sweep()
    told = Dataset.objects.get(pk=dataset.pk).nudged_at
    assert told
    tasks.sweep()
    assert Dataset.objects.get(pk=dataset.pk).nudged_at == told


def test_validating_again_starts_anew(upload):
    dataset = validated(upload(lines(*CHATS)))
    assert dataset_validate_again(dataset)
    dataset.refresh_from_db()
    assert (dataset.status, dataset.training_ready) == ("uploaded", False)
    assert validated(dataset).status == "ready"


@pytest.mark.parametrize(
    "bad", [{"status": "lost"}, {"progress": 101}, {"status": "error", "training_ready": True}, {"total_tokens": -1}]
)
def test_the_database_refuses_what_cannot_be(dataset, bad):
    with pytest.raises(IntegrityError), transaction.atomic():
        Dataset.objects.filter(pk=dataset.pk).update(**bad)
