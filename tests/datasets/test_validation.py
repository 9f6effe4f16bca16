"""From an uploaded file to a data set that is ready, or to the list of what is wrong."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from datasets import services, tasks, validation
from datasets.formats.rows import Conversation, Message
from datasets.models import Dataset, TokenCache
from datasets.services import dataset_upload, dataset_validate_again
from datasets.tokenizing.cache import read_rows
from datasets.tokenizing.model_files import TokenizerNotFound
from datasets.tokenizing.tokens import ChatTokenizer
from notifications.models import Notification
from tests.datasets.corpus import chat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tokenizer_of_the_tiny_model")]

ANY_DAY = date(2026, 1, 31)
CHATS = [
    chat(("What is 12 + 30?", "It is 42.")),
    chat(("Hello", "Bonjour !"), ("And 😀?", "  Ça va.  "), system="Answer in French — s'il vous plaît."),
]


def lines(*conversations):
    return "".join(json.dumps({"messages": messages}) + "\n" for messages in conversations).encode()


def conversation(messages):
    return Conversation(
        1, tuple(Message(**message, weight=float(message["role"] == "assistant")) for message in messages)
    )


@pytest.fixture
def upload(user):
    def send(content, name="chats.jsonl", **chosen):
        return dataset_upload(user=user, name="Chats", file=ContentFile(content, name=name), **chosen)

    return send


def validated(dataset):
    tasks.validate_dataset(str(dataset.pk))
    return Dataset.objects.select_related("version").get(pk=dataset.pk)


def kinds(dataset):
    return {problem["kind"]: problem for problem in dataset.error_report}


def test_a_good_file_is_ready_with_its_counts(upload, user, tiny_model):
    dataset = upload(lines(*CHATS))
    assert (dataset.status, dataset.training_ready) == ("uploaded", False)
    dataset = validated(dataset)
    assert (dataset.status, dataset.training_ready, dataset.progress) == ("ready", True, 100)
    assert (dataset.total_rows, dataset.total_conversations, dataset.total_training_pairs, dataset.total_turns) == (
        2,
        2,
        3,
        6,
    )
    tokenized = ChatTokenizer(tiny_model, ANY_DAY).encode([conversation(messages) for messages in CHATS])
    encoded = [example for row in tokenized for example in row.examples]
    assert dataset.total_tokens == sum(len(row.ids) for row in encoded)
    assert dataset.trained_tokens == sum(row.trained for row in encoded)
    assert dataset.longest_tokens == max(len(row.ids) for row in encoded)
    assert sum(dataset.length_histogram["counts"]) == 2
    assert (dataset.format, dataset.tokenizer) == ("openai_chat", "tiny")
    assert dataset.error_report == []
    version = dataset.version
    assert (version.options["container"], version.columns, version.total_training_pairs) == ("jsonl", ["messages"], 3)
    note = Notification.objects.get(user=user)
    assert note.type == "dataset_ready"
    assert "2 conversations, 3 training pairs" in note.message
    assert note.action_url == f"/datasets/{dataset.pk}"


def test_the_cache_holds_the_tokens_and_what_is_learned_of_them_as_the_trainer_would_make_them(upload, tiny_model):
    code = """
import json, sys
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
for messages in json.loads(sys.argv[2]):
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    print(json.dumps(tokenizer(text, add_special_tokens=False)["input_ids"]))
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
    dataset = validated(upload(lines(*CHATS)))
    with TokenCache.objects.get(version=dataset.version).file.open("rb") as file:
        rows, total = read_rows(file, 0, 10)
    assert total == 2
    assert [row.ids for row in rows] == [json.loads(line) for line in done.stdout.splitlines()]
    tokenizer = ChatTokenizer(tiny_model, ANY_DAY)
    learned = [
        [tokenizer.decode(row.ids[start:end]) for start, end in zip(row.spans[::2], row.spans[1::2], strict=True)]
        for row in rows
    ]
    assert learned == [["It is 42.<|im_end|>"], ["Bonjour !<|im_end|>", "  Ça va.  <|im_end|>"]]


def test_plain_text_is_learned_whole_with_its_end(upload, tiny_model):
    dataset = validated(upload(b'{"text": "Once upon a time"}\n'))
    assert (dataset.format, dataset.total_training_pairs) == ("text", 1)
    assert dataset.total_tokens == dataset.trained_tokens
    with TokenCache.objects.get(version=dataset.version).file.open("rb") as file:
        ((row,), _) = read_rows(file, 0, 10)
    assert ChatTokenizer(tiny_model, ANY_DAY).decode(row.ids) == "Once upon a time<|im_end|>"


def test_one_bad_row_makes_the_whole_file_an_error_and_is_named(upload, user):
    dataset = validated(upload(lines(*CHATS) + b"{oops\n" + lines(CHATS[0] + [{"role": "bot", "content": "x"}])))
    assert (dataset.status, dataset.training_ready, dataset.error_count) == ("error", False, 2)
    assert dataset.problem_counts["row_json"] == 1
    found = kinds(dataset)
    assert (found["row_json"]["line"], found["row_json"]["severity"], found["row_json"]["excerpt"]) == (
        3,
        "error",
        "{oops",
    )
    assert (found["unknown_role"]["line"], found["unknown_role"]["field"]) == (4, "messages[2].role")
    note = Notification.objects.get(user=user)
    assert (note.type, note.priority) == ("dataset_error", "high")
    assert "2 problems found" in note.message


def test_all_errors_are_counted_and_the_first_hundred_of_each_kind_kept(upload):
    dataset = validated(upload(lines(CHATS[0]) + b"{\n" * 250 + b"5\n" * 120))
    assert dataset.error_count == 370
    assert dataset.problem_counts == {"row_json": 250, "wrong_value": 120}
    assert [problem["line"] for problem in dataset.problems(kind="row_json")] == list(range(2, 102))
    assert len(dataset.problems(kind="wrong_value")) == 100


def test_the_bad_rows_can_be_left_out_and_are_listed_and_counted(upload):
    dataset = validated(upload(lines(CHATS[0]) + b"{\n" + lines(CHATS[1]) + b"5\n"))
    assert services.dataset_go_on(dataset)
    dataset = Dataset.objects.select_related("version").get()
    assert (dataset.status, dataset.training_ready, dataset.left_out_count) == ("ready", True, 2)
    assert (dataset.total_conversations, dataset.total_training_pairs) == (2, 3)
    with dataset.version.left_out.open("r") as file:
        assert file.read() == "line,kind\n2,row_json\n4,wrong_value\n"


@pytest.mark.parametrize("content", [b"{\n{\n", b'[{"messages": []}, oops]'])
def test_without_a_good_row_or_the_files_end_there_is_nothing_to_go_on_with(upload, content):
    dataset = validated(upload(content, name="d.json", shape="openai_chat"))
    assert dataset.status == "error"
    assert not services.dataset_go_on(dataset)


WARNED = {
    "empty_answer": chat(("Hello", " ")),
    "empty_message": chat((" ", "Hi there")),
    "no_answer": [{"role": "user", "content": "Anyone?"}],
    "unanswered_end": [*chat(("Hello", "What do you want?")), {"role": "user", "content": "More?"}],
    "secret": chat(("My key?", "It is sk-proj-abcdefghijklmnopqrstuvwx1234")),
    "email": chat(("Whom do I ask?", "Ask jane.doe@acme.io")),
    "too_long": chat(("Tell me everything", "red green blue " * 900)),
}


@pytest.mark.parametrize("kind", WARNED)
def test_what_is_worth_a_second_look_is_a_warning_beside_which_training_goes_on(upload, kind):
    dataset = validated(upload(lines(CHATS[0], WARNED[kind])))
    assert (dataset.status, dataset.training_ready, dataset.error_count) == ("ready", True, 0)
    assert dataset.problem_counts == {kind: 1}
    assert dataset.warning_count == 1
    warning = kinds(dataset)[kind]
    assert (warning["line"], warning["severity"]) == (2, "warning")


def test_a_secret_is_not_shown_whole(upload):
    dataset = validated(upload(lines(CHATS[0], WARNED["secret"])))
    assert "abcdefghijklmnop" not in json.dumps(dataset.error_report)


def test_duplicates_are_counted_over_the_whole_file(upload):
    dataset = validated(upload(lines(CHATS[0], CHATS[1], CHATS[0], CHATS[0])))
    assert (dataset.duplicate_count, dataset.problem_counts) == (2, {"duplicate": 2})
    assert [(row["line"], row["reason"]) for row in dataset.error_report] == [
        (3, "The same as line 1."),
        (4, "The same as line 1."),
    ]


def test_one_answer_to_many_questions_is_suspicious(upload):
    rows = [chat((f"Question {number}", "I cannot help with that.")) for number in range(30)]
    dataset = validated(upload(lines(*rows, CHATS[0])))
    (warning,) = dataset.error_report
    assert warning["kind"] == "same_answer"
    assert "30 rows (97 %)" in warning["reason"]


def test_a_file_in_which_nothing_is_learned_is_an_error(upload):
    dataset = validated(upload(lines(WARNED["no_answer"])))
    assert (dataset.status, dataset.training_ready) == ("error", False)
    assert "nothing_to_train" in kinds(dataset)


@pytest.mark.parametrize("content", [b"\n\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_conversation_is_an_error(upload, content):
    dataset = validated(upload(content, shape="openai_chat"))
    assert dataset.status == "error"
    assert dataset.error_report[0]["reason"]


def test_unknown_columns_are_asked_for_and_then_read_as_mapped(upload):
    dataset = validated(upload(b'{"frage": "Hello", "antwort": "Hi"}\n'))
    assert dataset.status == "error"
    assert "frage, antwort" in kinds(dataset)["unknown_columns"]["reason"]
    assert dataset.version.columns == ["frage", "antwort"]
    services.dataset_read_again(
        dataset=dataset,
        shape="prompt_completion",
        mapping={"prompt": "frage", "completion": "antwort"},
        tool_calls="ignore",
    )
    dataset = validated(dataset)
    assert (dataset.status, dataset.format, dataset.version.number) == ("ready", "prompt_completion", 1)


def test_a_tokenizer_that_is_not_there_is_said_and_not_waited_for(upload, settings):
    settings.TOKENIZER = "absent"
    dataset = validated(upload(lines(*CHATS)))
    assert dataset.status == "error"
    assert "make install" in dataset.error_report[0]["reason"]


def test_a_model_without_a_chat_template_cannot_count(tmp_path, tiny_model):
    (tmp_path / "tokenizer.json").write_bytes((tiny_model / "tokenizer.json").read_bytes())
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(TokenizerNotFound, match="no chat template"):
        ChatTokenizer(tmp_path, ANY_DAY)


def test_a_stored_file_that_vanished_is_said(upload):
    dataset = upload(lines(*CHATS))
    dataset.version.file.storage.delete(dataset.version.file.name)
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
    "bad",
    [
        {"status": "lost"},
        {"progress": 101},
        {"status": "error", "training_ready": True},
        {"total_tokens": -1},
        {"evaluation_share": 0.6},
    ],
)
def test_the_database_refuses_what_cannot_be(dataset, bad):
    with pytest.raises(IntegrityError), transaction.atomic():
        Dataset.objects.filter(pk=dataset.pk).update(**bad)
