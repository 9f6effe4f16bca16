"""Adapters beside each other on one base model, which stays what it was whatever is put on it."""

import shutil
from pathlib import Path

import pytest

from tests.training.server.conftest import Server, chunks, program

UNSOUND = {
    "biased": "bias",
    "saving": "modules_to_save",
    "decomposed": "use_dora",
    "principal": "begun with a part of the base model",
    "repeated": "layer_replication",
}

MEMORY = """
import json, sys
from pathlib import Path
import torch
from transformers import AutoModelForCausalLM
from training.server import base as loading, options
from training.server.adapters import Adapters
from training.server.memory import Memory

model, folder, cramped = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
base = loading.load(options.read(["--model", model, "--id", "base", "--socket", "none"]))
untouched = AutoModelForCausalLM.from_pretrained(model).eval()
texts = ["Why?", "The quick brown fox", "0123456789" * 20]
prompts = [base.prompt([{"role": "user", "content": text}]) for text in texts]

def logits():
    with torch.inference_mode():
        return [base.model(torch.tensor([ids])).logits for ids in prompts]

def is_base():
    with torch.inference_mode():
        return all(torch.equal(mine, untouched(torch.tensor([ids])).logits) for mine, ids in zip(logits(), prompts))

adapters = Adapters(base, limit=10**9)
for name in ("red", "blue", "green"):
    adapters.add(name, str(folder / name))
red, blue, green = adapters.all()
found = {"never": is_base(), "equal": [], "alone": []}

memory = Memory(base, adapters, limit=10**9)
alone = {}
for adapter in (red, blue, green):  # each by itself, the base model as new in between
    lone = Memory(base, adapters, limit=adapter.bytes)
    with lone.using(adapter):
        alone[adapter] = logits()
    lone._drop(adapter)
    found["alone"].append(is_base() and not any("lora" in name for name, _ in base.model.named_parameters()))
for adapter in (red, None, blue, green, None, red, blue, None):
    with memory.using(adapter):
        if adapter is None:
            found["equal"].append(is_base())
        else:
            found["equal"].append(all(map(torch.equal, logits(), alone[adapter])) and not is_base())
found["held"] = [adapter.name for adapter in memory.held]
adapters.remove("red")
with memory.using(None):
    found["unloaded"] = is_base()
found["held after"] = [adapter.name for adapter in memory.held]
with memory.using(red):  # a request that had named it before
    found["still answered"] = all(map(torch.equal, logits(), alone[red]))
for adapter in (blue, green):
    adapters.remove(adapter.name)
with memory.using(None):
    found["all gone"] = is_base() and not memory.held

adapters.add("red", str(folder / "red"))
adapters.add("blue", str(folder / "blue"))
adapters.add("green", str(folder / "green"))
red, blue, green = adapters.all()
memory = Memory(base, adapters, limit=red.bytes + green.bytes)
found["lru"] = []
for adapter in (red, blue, red, green, blue, red, None):
    with memory.using(adapter):
        found["lru"].append([one.name for one in memory.held])
found["bytes"] = [
    [one.bytes, sum(weight.numel() * weight.element_size() for name, weight in base.model.named_parameters()
                    if f".{key}." in name)]
    for one, key in memory._keys.items()
]
adapters.add("cramped", str(cramped))
try:
    with memory.using(adapters.find("cramped")):
        found["cramped"] = "served"
except Exception as error:
    found["cramped"] = str(error)
with memory.using(None):
    found["after cramped"] = is_base()
with memory.using(red):
    found["red after cramped"] = not is_base()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def memory(tiny_model, adapters, tmp_path_factory):
    """What became of logits and memory while adapters came and went; one has fewer weights than it names."""
    cramped = tmp_path_factory.mktemp("cramped") / "cramped"
    shutil.copytree(adapters / "blue", cramped)
    config = cramped / "adapter_config.json"
    config.write_text(config.read_text().replace('"q_proj"', '"q_proj", "o_proj"'))
    return program(MEMORY, tiny_model, adapters, cramped)


def test_without_an_adapter_the_logits_are_those_of_a_base_that_was_never_wrapped(memory):
    assert memory["never"]
    assert all(memory["equal"]), memory["equal"]
    assert memory["unloaded"]
    assert memory["after cramped"]


def test_an_adapter_answers_alike_alone_and_beside_others_of_other_ranks_and_layers(memory):
    assert all(memory["equal"]), memory["equal"]
    assert memory["still answered"]
    assert memory["red after cramped"]


def test_when_the_last_adapter_is_gone_nothing_is_left_of_any(memory):
    assert memory["alone"] == [True, True, True]
    assert memory["all gone"]


def test_an_adapter_that_was_unloaded_leaves_the_memory(memory):
    assert memory["held"] == ["green", "red", "blue"]
    assert memory["held after"] == ["green", "blue"]


def test_the_least_recently_used_adapters_are_dropped_and_come_back(memory):
    assert memory["lru"] == [
        ["red"],
        ["red", "blue"],
        ["blue", "red"],
        ["red", "green"],
        ["green", "blue"],
        ["blue", "red"],
        ["blue", "red"],
    ]
    assert all(held == size for held, size in memory["bytes"])


def test_an_adapter_whose_weights_are_not_all_there_is_refused_and_leaves_no_trace(memory):
    assert "not those that its configuration names" in memory["cramped"]


def test_the_list_has_the_base_and_its_adapters_with_their_parent(server, adapters):
    status, found = server.ask("GET", "/v1/models")
    models = {model["id"]: model for model in found["data"]}
    assert (status, found["object"]) == (200, "list")
    assert models["base"]["parent"] is None
    assert models["base"]["max_model_len"] == 8192
    assert {models[name]["parent"] for name in ("red", "blue", "green")} == {"base"}
    assert models["red"]["root"] == str(adapters / "red")


def test_an_adapter_is_loaded_once_by_its_name_and_again_after_it_was_unloaded(server, adapters):
    assert server.load(adapters / "blue", "Blue: job 7.1") == (
        200, "Success: LoRA adapter 'Blue: job 7.1' added successfully.",
    )  # fmt: skip
    assert server.say(model="Blue: job 7.1") == server.say(model="blue")
    for name in ("Blue: job 7.1", "base"):
        status, answer = server.load(adapters / "red", name)
        assert (status, answer["error"]["code"]) == (400, "already_loaded")
    assert server.unload("Blue: job 7.1")[0] == 200
    for status, answer in (server.unload("Blue: job 7.1"), server.chat(model="Blue: job 7.1")):
        assert (status, answer["error"]["code"]) == (404, "model_not_found")
    assert server.load(adapters / "red", "Blue: job 7.1")[0] == 200
    assert server.say(model="Blue: job 7.1") == server.say(model="red")
    server.unload("Blue: job 7.1")


@pytest.mark.parametrize(("name", "says"), UNSOUND.items())
def test_an_adapter_that_would_change_the_base_or_is_no_plain_lora_is_refused(server, adapters, name, says):
    status, answer = server.load(adapters / name)
    assert (status, answer["error"]["param"]) == (400, "lora_path")
    assert says in answer["error"]["message"]


@pytest.mark.parametrize("path", ["", "relative", "/none", "/etc/passwd", "/" + "a" * 5000, "//\u202e/x"])
def test_a_path_that_leads_to_no_adapter_is_refused(server, path):
    status, answer = server.load(Path("x"), "x")
    status, answer = server.ask("POST", "/v1/load_lora_adapter", {"lora_name": "x", "lora_path": path})
    assert (status, answer["error"]["param"]) == (400 if not path else 404, "lora_path")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\0" * 100, b'{"peft_type": "LORA", "r": "x"}', b"{"])
def test_a_folder_whose_files_are_broken_is_refused(server, adapters, tmp_path, content):
    for broken in ("adapter_config.json", "adapter_model.safetensors"):
        folder = tmp_path / broken
        shutil.copytree(adapters / "blue", folder)
        (folder / broken).write_bytes(content)
        status, answer = server.load(folder, "broken")
        assert (status, answer["error"]["param"]) == (400, "lora_path"), answer


def test_an_adapter_of_another_model_or_a_kind_that_is_not_lora_is_refused(server, adapters, tmp_path):
    config = (adapters / "blue" / "adapter_config.json").read_text()
    for at, (change, says) in enumerate(OTHERS.items()):
        folder = tmp_path / str(at)
        shutil.copytree(adapters / "blue", folder)
        change(folder, config)
        status, answer = server.load(folder, "other")
        assert status == 400
        assert says in answer["error"]["message"]


def of_a_deeper_model(folder, config):
    rename(folder, lambda name: name.replace("layers.1.", "layers.30."))


def of_a_wider_model(folder, config):
    from safetensors.numpy import load_file, save_file

    file = folder / "adapter_model.safetensors"
    save_file({name: weight.repeat(2, axis=1) for name, weight in load_file(file).items()}, file)


def half(folder, config):
    rename(folder, lambda name: name if "lora_A" in name else None)


def of_prompts(folder, config):
    (folder / "adapter_config.json").write_text('{"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM"}')


def rename(folder, new):
    from safetensors.numpy import load_file, save_file

    file = folder / "adapter_model.safetensors"
    save_file({new(name): weight for name, weight in load_file(file).items() if new(name)}, file)


OTHERS = {
    of_a_deeper_model: "layers.30",
    of_a_wider_model: "features",
    half: "no counterpart",
    of_prompts: "only LoRA is served",
}


def test_an_adapter_whose_files_go_away_is_told_of_in_its_answer(server, adapters, tmp_path):
    folder = shutil.copytree(adapters / "blue", tmp_path / "fleeting")
    assert server.load(folder)[0] == 200
    shutil.rmtree(folder)
    status, answer = server.chat(model="fleeting")
    assert (status, answer["error"]["code"]) == (422, "adapter_unloadable")
    (chunk,) = chunks(server.stream(model="fleeting"))
    assert chunk["error"]["code"] == "adapter_unloadable"
    server.unload("fleeting")
    assert server.say(model="red")


def test_an_adapter_over_the_limit_is_refused_with_the_numbers(endless_model, adapters, tmp_path):
    server = Server(endless_model, "--socket", str(tmp_path / "socket"), "--adapter-bytes", "1000")
    try:
        assert server.said().get("kind") == "ready"
        status, answer = server.load(adapters / "blue")
        assert (status, answer["error"]["param"]) == (400, "lora_path")
        assert "1,000" in answer["error"]["message"]
        assert server.say()
    finally:
        server.kill()
