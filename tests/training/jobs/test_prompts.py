"""Rows of a job's data to ask base and adapter: held-out ones, or what they are in plain words; never a wrong claim."""

import pytest
from django.core.files.base import ContentFile

from datasets import services, tasks
from datasets.formats.options import Options
from datasets.formats.parsing import parse
from datasets.formats.rows import Raw
from datasets.models import Dataset, TokenCache
from tests.datasets.corpus import ANSWER, QUESTION, SHAPES, chat, jsonl
from training.jobs import prompts
from training.jobs.prompts import EVALUATION_SET, HELD_OUT, LONGEST, MOST, TRAINED_ON, UNKNOWN, prompt_of, prompts_for
from training.models import BaseModel, TrainingJob
from training.trainer.step_plan import split

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tokenizer_of_the_tiny_model")]

ROWS = [{"messages": chat((f"Question {number}", f"Answer {number}"), system="Be kind")} for number in range(1, 61)]


@pytest.fixture
def upload(user):
    def make(rows, name="Chats", **chosen):
        file = ContentFile(jsonl(rows), name="d.jsonl")
        dataset = services.dataset_upload(user=user, name=name, file=file, **chosen)
        tasks.validate_dataset(str(dataset.pk))
        return Dataset.objects.select_related("version").get(pk=dataset.pk)

    return make


@pytest.fixture
def job_on(put_job):
    """A finished job on a data set, of which so many pairs were held out."""

    def make(dataset, held_out=6, **changes):
        BaseModel.objects.filter(is_default=True).update(source="tiny")
        job = put_job("completed", split_seed=7)
        about = {
            "dataset": dataset,
            "dataset_version": dataset.version,
            "evaluation_share": held_out / 60,
            "data": {"evaluation_pairs": held_out, "train_pairs": 60 - held_out},
        }
        TrainingJob.objects.filter(pk=job.pk).update(**about | changes)
        return TrainingJob.objects.get(pk=job.pk)

    return make


def test_held_out_rows_are_the_trainers_own_with_their_answers(upload, job_on):
    found = prompts_for(job_on(upload(ROWS)))
    _, held_out = split(pairs=[1] * 60, share=0.1, most=200, seed=7)
    assert found.kind == HELD_OUT
    assert [prompt.line for prompt in found.found] == [index + 1 for index in held_out]
    for prompt in found.found:
        assert prompt.reference == f"Answer {prompt.line}"
        assert prompt.question == f"Question {prompt.line}"
        assert prompt.messages[0] == {"role": "system", "content": "Be kind"}


def test_no_more_than_a_page_holds(upload, job_on):
    found = prompts_for(job_on(upload(ROWS), held_out=30))
    assert found.kind == HELD_OUT
    assert len(found.found) == MOST
    lines = [prompt.line for prompt in found.found]
    assert lines == sorted(lines)


def test_where_nothing_was_held_out_the_rows_are_said_to_be_trained_on(upload, job_on):
    found = prompts_for(job_on(upload(ROWS), held_out=0))
    assert (found.kind, len(found.found)) == (TRAINED_ON, MOST)


def test_rows_of_another_data_set_are_said_to_be_its_own(upload, job_on):
    other = upload([{"messages": chat(("Elsewhere?", "Here"))}], name="Other")
    found = prompts_for(job_on(upload(ROWS), evaluation_version=other.version))
    assert found.kind == EVALUATION_SET
    assert [prompt.question for prompt in found.found] == ["Elsewhere?"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("counts", "read otherwise since"),
        ("none", "not written down how much"),
        ("tokens", "tokens that it trained on are no longer stored"),
        ("file of tokens", "tokens that it trained on are no longer stored"),
        ("tokenizer", "tokenizer is not on this server"),
        ("version", "older than versions"),
        ("large", "more than 300,000 rows"),
    ],
)
def test_what_cannot_be_known_is_not_claimed(upload, job_on, change, reason):
    dataset = upload(ROWS)
    changes = {
        "counts": {"data": {"evaluation_pairs": 5, "train_pairs": 55}},
        "none": {"data": {}},
        "version": {"dataset_version": None},
    }
    job = job_on(dataset, **changes.get(change, {}))
    if change == "tokens":
        TokenCache.objects.all().delete()
    elif change == "file of tokens":
        cache = TokenCache.objects.get(version=dataset.version)
        cache.file.storage.delete(cache.file.name)
    elif change == "tokenizer":
        BaseModel.objects.filter(pk=job.base_model_id).update(source="nowhere")
    elif change == "large":
        type(dataset.version).objects.filter(pk=dataset.version_id).update(total_conversations=10**6)
    found = prompts_for(TrainingJob.objects.get(pk=job.pk))
    assert (found.kind, len(found.found)) == (UNKNOWN, MOST)
    assert reason in found.why_unknown


def test_deleted_data_are_said_to_be(upload, job_on):
    dataset = upload(ROWS)
    job = job_on(dataset)
    services.dataset_delete(dataset)
    found = prompts_for(TrainingJob.objects.get(pk=job.pk))
    assert found.found == []
    assert "deleted" in found.problem


def test_a_file_that_is_gone_is_said_to_be(upload, job_on):
    dataset = upload(ROWS)
    dataset.version.file.storage.delete(dataset.version.file.name)
    found = prompts_for(job_on(dataset))
    assert found.found == []
    assert "no longer stored" in found.problem


def test_a_file_is_read_to_a_bound(upload, job_on, monkeypatch):
    monkeypatch.setattr(prompts, "MOST_BYTES_READ", len(jsonl(ROWS[:10])))
    found = prompts_for(job_on(upload(ROWS), held_out=0))
    assert 0 < len(found.found) <= 10
    monkeypatch.setattr(prompts, "MOST_FILE_BYTES", 100)
    assert "too large" in prompts_for(TrainingJob.objects.get()).problem


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_of_every_shape(upload, job_on, shape):
    dataset = upload(SHAPES[shape])
    assert dataset.format == shape
    found = prompts_for(job_on(dataset, held_out=0))
    if shape == "text":
        assert "plain text" in found.problem
        return
    first, second = found.found
    assert (first.messages, first.reference) == ([{"role": "user", "content": QUESTION}], ANSWER)
    assert second.reference == "Hello"
    assert second.question == "Hi"


CONTEXT = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "?", "weight": 0}]
CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": {}}}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {}}}


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        ({"messages": chat(("One", "1"), ("Two", "2"))}, ["One"]),
        ({"messages": chat(("One", "1"), ("Two", "2"), system="Count")}, ["Count", "One"]),
        ({"messages": [{"role": "assistant", "content": "Hello!"}, *chat(("One", "1"))]}, ["Hello!", "One"]),
        ({"messages": [*CONTEXT, *chat(("Two", "2"))]}, ["One", "?", "Two"]),
        ({"messages": chat(("One", "1")), "tools": [TOOL]}, None),
        ({"messages": [{"role": "user", "content": "One"}, {"role": "assistant", "tool_calls": [CALL]}]}, None),
        ({"messages": chat(("x" * LONGEST, "1"))}, None),
    ],
)  # fmt: skip
def test_what_is_asked_is_all_before_the_first_answer_that_is_learned(row, asked):
    (line,) = jsonl([row]).splitlines()
    conversation = parse(Raw(1, line, len(line)), Options(container="jsonl", shape="openai_chat"))
    found = prompt_of(conversation)
    assert (found and [message["content"] for message in found.messages]) == asked
