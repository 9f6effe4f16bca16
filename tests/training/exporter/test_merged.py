"""Merged models: whole, in 16 bits, verified; and a broken one is not called good."""

import json
import shutil
from pathlib import Path

import pytest

from tests.training.exporter.conftest import exported
from tests.training.programs import Started
from tests.training.trainer.conftest import outside
from training.exporter.protocol import EXPORT, Exported, ExportStopped, decode
from training.trainer import protocol

BREAK = """
import sys, torch
from safetensors.torch import load_file, save_file
path = sys.argv[1]
tensors = load_file(path)
name = next(name for name in tensors if name.endswith("layers.0.self_attn.q_proj.weight"))
tensors[name] = tensors[name][torch.randperm(len(tensors[name]))].contiguous()
save_file(tensors, path, metadata={"format": "pt"})
"""


@pytest.fixture(scope="module")
def merged(make_spec):
    spec = make_spec()
    return spec, exported(spec)


def test_a_merged_model_is_whole_and_verified(merged, base_spec):
    spec, program = merged
    assert program.process.returncode == protocol.EXIT_FINISHED, program.output
    end = program.end
    assert (end.verdict, end.report["bound"]) == ("verified", {"equal_tokens": 0.98, "loss_change": 0.005})
    assert end.report["equal_tokens"] >= 0.98
    assert 3 < end.report["prompts"] <= 6
    assert end.report["tokens"] > 20
    folder = Path(end.export_dir)
    assert json.loads((folder / "verification.json").read_text()) == end.report
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "model.safetensors", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "chat_template.jinja", "README.md",
    }  # fmt: skip
    texts = "".join(path.read_text() for path in folder.iterdir() if path.suffix in {".json", ".md"})
    assert str(Path(base_spec.model).parent) not in texts
    assert str(Path(spec.folder)) not in texts
    card = (folder / "README.md").read_text()
    for text in ('base_model: "example/tiny"', 'license: "mit"', "library_name: transformers", "| LoRA rank | 8 |"):
        assert text in card


def test_its_weights_are_base_and_adapter_added_in_fp32_and_then_rounded(merged, base_spec):
    spec, program = merged
    figures = json.loads(
        outside(
            """
import json, sys, torch
from safetensors.torch import load_file
base, adapter, merged = (load_file(path) for path in sys.argv[1:])
name = "model.layers.1.mlp.down_proj"
a, b = (adapter[f"base_model.model.{name}.lora_{side}.weight"] for side in "AB")
expected = base[f"{name}.weight"] + 16 / 8 * (b @ a)
found = merged[f"{name}.weight"]
print(json.dumps({
    "dtypes": sorted({str(tensor.dtype) for tensor in merged.values()}),
    "equal": bool(torch.equal(found, expected.half())),
    "changed": float((found.float() - base[f"{name}.weight"]).abs().max()),
}))
""",
            Path(base_spec.model) / "model.safetensors",
            Path(spec.adapter_dir) / "adapter_model.safetensors",
            Path(program.end.export_dir) / "model.safetensors",
        )
    )
    assert figures["dtypes"] == ["torch.float16"]
    assert figures["equal"]
    assert figures["changed"] > 0.001


def test_an_export_with_exchanged_rows_fails_the_verification(merged, make_spec):
    _, program = merged
    broken = make_spec()
    shutil.copytree(program.end.export_dir, Path(broken.folder) / EXPORT)
    outside(BREAK, Path(broken.folder) / EXPORT / "model.safetensors")
    again = exported(broken)
    assert again.process.returncode == protocol.EXIT_FINISHED, again.output
    assert again.end.verdict == "failed verification"
    assert again.end.report["equal_tokens"] < 0.9


def test_asked_to_stop_it_stops_and_leaves_nothing_that_is_taken_for_whole(make_spec):
    spec = make_spec()
    program = Started("exporter", spec, decode)
    program.read_until(protocol.Stage)
    program.process.terminate()
    assert program.wait() == protocol.EXIT_STOPPED, program.output
    assert isinstance(program.end, ExportStopped)
    assert not (Path(spec.folder) / EXPORT).exists()


def test_an_adapter_of_another_model_is_refused_in_words(make_spec, tmp_path):
    adapter = tmp_path / "adapter"
    shutil.copytree(make_spec().adapter_dir, adapter)
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps(config | {"r": 4}))
    program = exported(make_spec(adapter_dir=str(adapter)))
    assert program.process.returncode == protocol.EXIT_FAILED
    assert (program.end.code, program.of(Exported)) == ("adapter_unreadable", [])
