"""GGUF exports: verified, read by llama.cpp where it is there, refused where they could not be written truly.

llama.cpp is taken from the npm package node-llama-cpp: ``npm install --ignore-scripts node-llama-cpp@3.22.1`` in some
folder, whose node_modules TEST_NODE_MODULES names.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.training.programs import as_program
from training.core.fidelity import GGUF_F16, GGUF_LORA, GGUF_Q8_0
from training.exporter.protocol import EXPORT

NODE_MODULES = os.environ.get("TEST_NODE_MODULES", "")
FILES = {GGUF_F16: "model-f16.gguf", GGUF_Q8_0: "model-q8_0.gguf", GGUF_LORA: "adapter.gguf"}
TEXTS = ["Say red blue", "In short: 12345 naïve 東京 \n\n don't", "<|im_start|>user\nSay north<|im_end|>\n"]

LIKELIEST = """
import json
from pathlib import Path
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from peft import PeftModel
base, adapter, texts = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
tokenizer = AutoTokenizer.from_pretrained(base)
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter).eval()
ids = [tokenizer(text)["input_ids"] for text in texts]
with torch.no_grad():
    likeliest = [model(input_ids=torch.tensor([one])).logits[0].argmax(-1).tolist() for one in ids]
print(json.dumps({"ids": ids, "likeliest": likeliest}))
"""
BASE_AS_GGUF = """
import json
from pathlib import Path
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
from training.exporter.gguf_model import F16, GgufModel
from training.trainer.protocol import JobSpec
run, folder = JobSpec.from_json(sys.argv[1]), Path(sys.argv[2])
config = LoraConfig(task_type="CAUSAL_LM", r=1, target_modules="all-linear")
get_peft_model(AutoModelForCausalLM.from_pretrained(run.model), config).save_pretrained(folder / "nothing")
GgufModel(F16).write(run, folder / "nothing", folder)
"""
EXPORTS = """
import json, shutil
from pathlib import Path
import gguf
from training.exporter.export import export
from training.exporter.protocol import EXPORT, ExportSpec

specs = [ExportSpec.from_json(text) for text in json.loads(sys.argv[1])]
reports = [export(spec, lambda event: None).report for spec in specs[:-1]]
whole = next(spec for spec in specs if spec.kind == specs[-1].kind)
folder = Path(specs[-1].folder) / EXPORT
shutil.copytree(Path(whole.folder) / EXPORT, folder)
tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(folder / "model-f16.gguf", "r+").tensors}
for layer in (0, 1):
    for name in ("attn_q", "attn_k"):
        rows = tensors[f"blk.{layer}.{name}.weight"].data
        rows[:] = rows[::-1].copy()
print(json.dumps([*reports, export(specs[-1], lambda event: None).report]))
"""
REFUSED = """
import json
from transformers import AutoConfig, AutoTokenizer
from tokenizers import normalizers, pre_tokenizers
from training.exporter.gguf_tensors import require_llama
from training.exporter.gguf_vocabulary import split_name
from training.trainer.errors import TrainingError

def reason(call, *arguments):
    try:
        return call(*arguments)
    except TrainingError as error:
        return str(error)

def config(**changes):
    return AutoConfig.from_pretrained(sys.argv[1], **changes)

def split(step):
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1]).backend_tokenizer
    tokenizer.pre_tokenizer = step
    return json.loads(tokenizer.to_str())

stretched = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 2.0, "original_max_position_embeddings": 512}
level = pre_tokenizers.ByteLevel(add_prefix_space=False)
print(json.dumps([
    reason(require_llama, config(architectures=["Qwen2ForCausalLM"]), "Q"),
    reason(require_llama, config(attention_bias=True), "Q"),
    reason(require_llama, config(rope_parameters=stretched), "Q"),
    reason(split_name, split(pre_tokenizers.Whitespace())),
    reason(split_name, split(pre_tokenizers.ByteLevel(add_prefix_space=True))),
    reason(split_name, split(level)),
    reason(split_name, split(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level]))),
]))
"""


@pytest.fixture(scope="module")
def specs(make_spec):
    return {kind: make_spec(kind=kind) for kind in FILES}


@pytest.fixture(scope="module")
def reports(specs, make_spec):
    """What the exporter says of each kind, and of one that was tampered with in between."""
    broken = make_spec(kind=GGUF_F16)
    texts = [spec.to_json() for spec in (*specs.values(), broken)]
    found = json.loads(as_program(EXPORTS, json.dumps(texts)).splitlines()[-1])
    return dict(zip((*specs, "broken"), found, strict=True))


@pytest.mark.parametrize("kind", FILES)
def test_an_export_is_whole_and_says_how_true_it_is(specs, reports, kind):
    report = reports[kind]
    assert report["kind"] == kind
    assert report["tokens"] > 20
    folder = Path(specs[kind].folder) / EXPORT
    assert json.loads((folder / "verification.json").read_text()) == report
    assert FILES[kind] in {path.name for path in folder.iterdir()}
    assert (folder / "README.md").exists()
    assert (folder / "Modelfile").exists() is (kind != GGUF_LORA)


def test_in_fp16_it_is_verified(reports):
    assert (reports[GGUF_F16]["verdict"], reports[GGUF_F16]["bound"]["equal_tokens"]) == ("verified", 0.98)


def test_the_lora_on_its_base_is_the_adapter_to_the_bit(reports):
    report = reports[GGUF_LORA]
    assert (report["verdict"], report["equal"], report["export_loss"]) == ("verified", report["tokens"], report["loss"])


def test_quantized_it_is_near(reports):
    report = reports[GGUF_Q8_0]
    assert abs(report["loss_change"]) < 0.01
    assert report["equal_tokens"] > 0.85  # a random model's likeliest tokens are often near a tie


def test_matrices_in_another_order_fail_the_verification(reports):
    assert reports["broken"]["verdict"] == "failed verification"
    assert reports["broken"]["equal_tokens"] < 0.9


def test_what_could_not_be_written_truly_is_refused_in_words(tiny_model):
    other, biased, stretched, spaces, prefixed, plain, smollm = json.loads(as_program(REFUSED, tiny_model))
    assert "only Llama models" in other
    assert "Qwen2ForCausalLM" in other
    assert "biases" in biased
    assert "positions are of the kind “yarn”" in stretched
    assert "splits text" in spaces
    assert "splits text" in prefixed
    assert (plain, smollm) == ("gpt-2", "smollm")


@pytest.mark.skipif(not NODE_MODULES, reason="TEST_NODE_MODULES names no folder with node-llama-cpp")
@pytest.mark.parametrize("kind", FILES)
def test_llama_cpp_reads_the_same_tokens_and_finds_the_same_likeliest_ones(
    specs, reports, kind, base_spec, whole, tmp_path
):
    expected = json.loads(as_program(LIKELIEST, base_spec.model, whole.end.adapter_dir, json.dumps(TEXTS)))
    (tmp_path / "cases.json").write_text(json.dumps({"ids": expected["ids"], "texts": TEXTS}))
    file = Path(specs[kind].folder) / EXPORT / FILES[kind]
    files = [file]
    if kind == GGUF_LORA:
        as_program(BASE_AS_GGUF, base_spec.to_json(), tmp_path)
        files = [tmp_path / FILES[GGUF_F16], file]
    script = Path(__file__).with_name("llama_cpp.mjs")
    command = ["node", script, NODE_MODULES, tmp_path / "cases.json", *files]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["tokens"] == expected["ids"]
    pairs = [
        (one, other)
        for mine, theirs in zip(found["likeliest"], expected["likeliest"], strict=True)
        for one, other in zip(mine, theirs, strict=True)
    ]
    assert sum(one == other for one, other in pairs) / len(pairs) >= (0.85 if kind == GGUF_Q8_0 else 0.98)
