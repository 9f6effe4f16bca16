"""OpenAI's own package against a site that runs: base and adapter, whole and streamed, refused, lost and shared."""

import asyncio
import os
import signal
import time

import openai
import pytest

from pipeline.accounts.models import ApiToken
from tests.e2e.listing import server_processes
from tests.training.server.conftest import make_adapters
from training.models import Artifact, BaseModel
from training.workers import artifacts

MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]
START_SECONDS = 180
STREAMS = 20
LONG = 4000


@pytest.fixture(scope="session")
def adapters(tmp_path_factory, tiny_model):
    """A folder of two, by name."""
    return make_adapters(tiny_model, tmp_path_factory.mktemp("adapters"), "blue", "red")


@pytest.fixture
def job(tiny_base_model, put_job, adapters):
    job = put_job("completed")
    artifacts.store(job, adapters / "blue", Artifact.Kind.ADAPTER).save()
    return job


def client_of(web, user):
    token = ApiToken.objects.create(user)[1]
    return openai.OpenAI(base_url=f"{web}/v1", api_key=token, timeout=START_SECONDS, max_retries=0)


@pytest.fixture
def client(web, user):
    return client_of(web, user)


def adapter_of(job):
    return f"{job.base_model.name}:{job.pk}"


def say(client, model, **changes):
    asked = {"messages": MESSAGES, "temperature": 0, "max_tokens": 12} | changes
    return client.chat.completions.create(model=model, **asked)


def text_of(answer):
    return answer.choices[0].message.content


def test_base_and_adapter_answer_each_as_itself(client, job):
    base = job.base_model.name
    listed = {model.id: model for model in client.models.list()}
    assert listed[adapter_of(job)].parent == base
    assert base in listed
    first = text_of(say(client, base))
    adapted = text_of(say(client, adapter_of(job)))
    assert text_of(say(client, base)) == first != adapted
    whole = say(client, adapter_of(job))
    assert text_of(whole) == adapted
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 12


def test_a_stream_says_the_same_piece_by_piece(client, job):
    whole = say(client, adapter_of(job))
    chunks = list(say(client, adapter_of(job), stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == text_of(whole)
    assert chunks[-1].usage == whole.usage


def test_an_adapter_of_a_later_attempt_takes_the_place_of_the_one_before(client, job, adapters):
    before = text_of(say(client, adapter_of(job)))
    job.artifacts.all().delete()
    artifacts.store(job, adapters / "red", Artifact.Kind.ADAPTER).save()
    assert text_of(say(client, adapter_of(job))) != before


@pytest.mark.parametrize(
    ("model", "changes", "error"),
    [
        ("nothing", {}, openai.NotFoundError),
        ("{base}:0e8b4a6c-6e5f-4b57-9a8c-000000000000", {}, openai.NotFoundError),
        ("other:{job}", {}, openai.NotFoundError),
        ("{base}", {"temperature": 5}, openai.BadRequestError),
        ("{base}", {"n": 2}, openai.BadRequestError),
        ("{base}", {"messages": []}, openai.BadRequestError),
        ("{base}", {"messages": [], "stream": True}, openai.BadRequestError),
    ],
)
def test_what_cannot_be_answered_is_refused_in_the_shape_that_clients_read(client, job, model, changes, error):
    say(client, job.base_model.name)  # the server runs: a stream is refused with its status
    with pytest.raises(error) as refused:
        say(client, model.format(base=job.base_model.name, job=job.pk), **changes)
    assert refused.value.body["message"]


def test_nobody_asks_anothers_adapter_or_without_a_token(client, web, job, other_user):
    theirs = client_of(web, other_user)
    with pytest.raises(openai.NotFoundError):
        say(theirs, adapter_of(job))
    assert adapter_of(job) not in {model.id for model in theirs.models.list()}
    with pytest.raises(openai.AuthenticationError):
        say(openai.OpenAI(base_url=f"{web}/v1", api_key="wrong", max_retries=0), job.base_model.name)


def test_a_model_that_cannot_be_loaded_is_said_to_be(client, job, tiny_model):
    broken = tiny_model.parent / "broken"
    broken.mkdir(exist_ok=True)
    BaseModel.objects.create(name="broken", source="broken", parameters=1, license="MIT")
    with pytest.raises(openai.InternalServerError) as refused:
        say(client, "broken")
    assert refused.value.status_code == 503
    assert "broken" in refused.value.body["message"]
    assert text_of(say(client, job.base_model.name))  # another is loaded after it


def test_a_killed_server_ends_its_streams_with_a_word_and_comes_back(client, job, tiny_model):
    say(client, job.base_model.name)
    stream = say(client, job.base_model.name, stream=True, max_tokens=LONG)
    next(stream)
    for pid in server_processes(tiny_model):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(openai.APIError) as lost:
        list(stream)
    assert lost.value.code == "server_lost"
    assert text_of(say(client, adapter_of(job)))


def test_pages_answer_while_many_streams_are_open(web, user, person, job):
    token = ApiToken.objects.create(user)[1]

    async def open_streams():
        async with openai.AsyncOpenAI(base_url=f"{web}/v1", api_key=token, timeout=START_SECONDS) as client:
            streams = [
                await client.chat.completions.create(
                    model=job.base_model.name, messages=MESSAGES, max_tokens=LONG, stream=True, temperature=0
                )
                for _ in range(STREAMS)
            ]
            status, _ = await asyncio.to_thread(person.api, "GET", "/api/jobs")
            for stream in streams:
                await stream.close()
            return status

    assert asyncio.run(open_streams()) == 200


def test_who_goes_away_is_answered_no_further(client, job):
    stream = say(client, job.base_model.name, stream=True, max_tokens=LONG)
    next(stream)
    stream.close()
    asked = time.monotonic()
    assert text_of(say(client, job.base_model.name, max_tokens=1)) is not None
    assert time.monotonic() - asked < 30  # LONG tokens take longer
