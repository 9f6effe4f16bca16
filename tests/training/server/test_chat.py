"""What a chat completion answers: the same tokens as peft's own generate, in OpenAI's shapes."""

import json
import os
from pathlib import Path

import pytest

from tests.training.server.conftest import CONTEXT, Server, chunks, make_adapters, program

PROMPTS = [
    "What is the capital of France?",
    "The quick brown fox",
    "In short: why?",
    "0123456789",
    "Übung macht den Meister 🦊",
    "system user assistant",
]
EXPECTED = """
import json, sys
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base, folder, prompts = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
tokenizer = AutoTokenizer.from_pretrained(base)

def answers(model):
    for text in prompts:
        messages = [{"role": "user", "content": text}]
        inputs = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        ids = model.generate(**inputs, max_new_tokens=12, do_sample=False)[0, inputs["input_ids"].shape[1]:]
        yield tokenizer.decode(ids, skip_special_tokens=True)

found = {"base": list(answers(AutoModelForCausalLM.from_pretrained(base)))}
for name in sys.argv[4:]:
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), f"{folder}/{name}")
    found[name] = list(answers(model))
print(json.dumps(found))
"""
LONG = 100_000


def expected(model, folder, prompts, *names):
    return program(EXPECTED, model, folder, json.dumps(prompts), *names)


def test_greedy_answers_are_those_of_peft_s_own_generate_whichever_adapter_came_before(server, endless_model, adapters):
    names = ["red", "blue", "green"]
    wanted = expected(endless_model, adapters, PROMPTS, *names)
    assert len({tuple(answers) for answers in wanted.values()}) == 4, "the adapters must differ to be told apart"
    for at, text in enumerate(PROMPTS):
        for name in [*names, "base", "green", "base", "red"]:
            assert server.say(text, model=name) == wanted[name][at], (name, text)


def test_an_answer_has_its_text_its_usage_and_its_timings(server):
    status, answer = server.chat(max_tokens=5)
    assert (status, answer["object"], answer["model"]) == (200, "chat.completion", "base")
    (choice,) = answer["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] == "length"
    usage = answer["usage"]
    assert usage["completion_tokens"] == 5
    assert usage["total_tokens"] == usage["prompt_tokens"] + 5
    timings = answer["timings"]
    assert all(timings[name] >= 0 for name in ("queued_seconds", "adapter_seconds", "first_token_seconds"))
    assert timings["tokens_per_second"] > 0


def test_a_stream_has_the_same_text_in_pieces_and_says_when_it_ends(server):
    lines = list(server.stream(model="red"))
    assert lines[-1] == "data: [DONE]"
    first, *pieces, last = chunks(lines)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(piece["choices"][0]["delta"]["content"] for piece in pieces)
    assert text == server.say(model="red")
    assert len(pieces) > 1
    assert all(piece["choices"][0]["finish_reason"] is None for piece in pieces)
    assert last["choices"][0] | {"logprobs": None} == {
        "index": 0, "delta": {}, "logprobs": None, "finish_reason": "length",
    }  # fmt: skip
    assert len({chunk["id"] for chunk in (first, *pieces, last)}) == 1
    assert all(chunk["object"] == "chat.completion.chunk" and "usage" not in chunk for chunk in (first, *pieces, last))
    assert last["timings"]["tokens_per_second"] > 0


def test_a_stream_ends_with_its_usage_where_that_is_asked_for(server):
    *others, last = chunks(server.stream(stream_options={"include_usage": True}))
    assert all(chunk["usage"] is None for chunk in others)
    assert last["choices"] == []
    assert last["usage"] == server.chat()[1]["usage"]
    assert "timings" in last


def test_an_answer_stops_before_a_stop_string_that_lies_across_tokens(server):
    whole = server.say(model="red", max_tokens=24)
    for start in range(1, len(whole) - 3, 3):
        stop = whole[start : start + 4]
        wanted = whole[: whole.index(stop)]
        status, answer = server.chat(model="red", max_tokens=24, stop=["not there at all", stop])
        assert (status, answer["choices"][0]["message"]["content"]) == (200, wanted)
        assert answer["choices"][0]["finish_reason"] == "stop"
        streamed = chunks(server.stream(model="red", max_tokens=24, stop=stop))
        assert "".join(c["choices"][0]["delta"].get("content", "") for c in streamed) == wanted


def test_max_tokens_is_cut_to_the_context_and_what_is_left_of_it_is_the_default(server):
    few, many = (server.chat("fox " * count, max_tokens=1)[1]["usage"]["prompt_tokens"] for count in (100, 200))
    text = "fox " * (100 + (CONTEXT - few - 20) * 100 // (many - few))
    for changes in ({"max_tokens": LONG}, {"max_tokens": None}, {"max_tokens": None, "max_completion_tokens": LONG}):
        _, answer = server.chat(text, **changes)
        assert answer["choices"][0]["finish_reason"] == "length"
        assert answer["usage"]["total_tokens"] == CONTEXT
        assert answer["usage"]["completion_tokens"] > 10


def test_a_seed_makes_sampling_repeatable_and_without_one_it_is_not(server):
    hot = {"temperature": 1.5, "top_p": 0.95, "max_tokens": 16}
    one, again, other = (server.say(seed=seed, **hot) for seed in (7, 7, -8))
    assert one == again
    assert one != other
    assert len({server.say(**hot) for _ in range(3)}) > 1
    assert server.say(temperature=1.5, top_p=1e-9, seed=1) == server.say()


@pytest.mark.parametrize(
    "content", [[{"type": "text", "text": "The quick "}, {"type": "text", "text": "brown fox"}], "The quick brown fox"]
)
def test_a_message_is_a_text_or_parts_of_one(server, content):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content, "name": None}]
    told = server.say(messages=messages)
    assert told == server.say(messages=[messages[0], {"role": "user", "content": "The quick brown fox"}])
    assert told != server.say("The quick brown fox"), "the system message counts"


def test_openai_s_own_package_works_unchanged(server):
    openai = pytest.importorskip("openai")
    import httpx2

    transport = httpx2.HTTPTransport(uds=server.address)
    with openai.OpenAI(
        base_url="http://server/v1", api_key="none", max_retries=0, http_client=httpx2.Client(transport=transport)
    ) as client:
        assert {"base", "red", "blue", "green"} <= {model.id for model in client.models.list()}
        asked = {"messages": [{"role": "user", "content": "Why?"}], "temperature": 0, "max_tokens": 8}
        answer = client.chat.completions.create(model="blue", **asked)
        assert answer.choices[0].message.content == server.say("Why?", model="blue", max_tokens=8)
        assert answer.usage.completion_tokens == 8
        stream = list(client.chat.completions.create(model="blue", stream=True, **asked))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
        assert text == answer.choices[0].message.content
        with pytest.raises(openai.NotFoundError) as refused:
            client.chat.completions.create(model="none", **asked)
        assert refused.value.code == "model_not_found"
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model="blue", **asked | {"temperature": -1})
        assert refused.value.param == "temperature"


@pytest.mark.slow
def test_the_bundled_model_answers_as_peft_does(tmp_path):
    """As strong an adapter as trained ones are; the benchmark asks all fifty prompts."""
    model = Path(os.environ["PIPELINE_MODELS_DIR"]) / "SmolLM2-135M-Instruct"
    if not model.is_dir():
        pytest.skip(f"the bundled model is not in {model}: run make install")
    folder = make_adapters(model, tmp_path, "blue", strength=0.02)
    wanted = expected(model, folder, PROMPTS[:3], "blue")
    assert wanted["blue"] != wanted["base"]
    server = Server(model, "--socket", str(tmp_path / "socket"))
    try:
        assert server.said().get("kind") == "ready"
        assert server.load(folder / "blue")[0] == 200
        for at, text in enumerate(PROMPTS[:3]):
            for name in ("blue", "base"):
                assert server.say(text, model=name) == wanted[name][at]
    finally:
        server.kill()
