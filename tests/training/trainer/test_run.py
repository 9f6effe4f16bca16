"""Real training runs of the tiny model, each a process as in production."""

import json
import os
import resource
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tokenized import tokenized
from tests.training.trainer.conftest import TRAINING_DIR, Trainer, conversations, outside, run, run_beside, short
from training.trainer import protocol
from training.trainer.protocol import Checkpoint, Data, Evaluation, Finished, Measured, Resumed, Started, Step


def mean(values):
    return sum(values) / len(values)


def test_a_run_does_exactly_its_steps_learns_and_leaves_an_adapter_that_loads(whole, base_spec):
    assert whole.process.returncode == protocol.EXIT_FINISHED, whole.output
    (started,) = whole.of(Started)
    assert (started.device, started.processes, started.precision) == ("cpu", 1, "fp32")
    assert started.device_name == base_spec.cpu_name
    (data,) = whole.of(Data)
    assert (data.conversations, data.train_pairs + data.evaluation_pairs, data.evaluation_pairs) == (100, 120, 6)
    assert whole.of(Resumed) == [Resumed(step=0)]
    steps = whole.of(Step)
    assert [event.step for event in steps] == list(range(1, 31))
    assert steps[-1].epoch == 2.0
    assert all(event.tokens_per_second > 0 for event in steps)
    assert [event.step for event in whole.of(Evaluation)] == [15, 30]
    assert [event.step for event in whole.of(Checkpoint)] == [15, 30]
    assert mean(whole.losses[-5:]) < mean(whole.losses[1:6]) - 0.2
    evaluations = [event.loss for event in whole.of(Evaluation)]
    assert evaluations[1] < evaluations[0]
    finished = whole.end
    assert (finished.steps, finished.evaluation_loss) == (30, evaluations[1])

    folder = Path(finished.adapter_dir)
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (8, 16, 0.05)
    assert config["base_model_name_or_path"] == "example/tiny"
    assert config["revision"] is None
    targets = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert {name.rpartition(".")[2] for name in config["target_modules"]} == targets
    card = (folder / "README.md").read_text()
    for text in ("example/tiny", "Tiny talk", 'license: "mit"', "| LoRA rank | 8 |", f"{evaluations[1]:.4f}"):
        assert text in card
    assert "Partial" not in card
    assert "revision" not in card
    assert str(Path(base_spec.run_dir).parent) not in card + json.dumps(config)

    difference = outside(
        """
import sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
base, adapter = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(adapter)
inputs = tokenizer.apply_chat_template(
    [{"role": "user", "content": "Say red"}], return_tensors="pt", add_generation_prompt=True
)
model = AutoModelForCausalLM.from_pretrained(base)
with torch.no_grad():
    before = model(**inputs).logits
    after = PeftModel.from_pretrained(model, adapter).eval()(**inputs).logits
print(float((before - after).abs().max()))
""",
        base_spec.model,
        folder,
    )
    assert float(difference) > 0.01


def as_hub_model(model, cache, name, revision):
    """A model in the Hugging Face cache, where it is to be found under this revision alone."""
    folder = cache / f"models--{name.replace('/', '--')}"
    commit = "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(model, folder / "snapshots" / commit)
    (folder / "refs").mkdir()
    (folder / "refs" / revision).write_text(commit)


def test_a_revision_of_a_hub_model_is_the_one_that_is_loaded_and_named(make_spec, tiny_model, tmp_path):
    as_hub_model(tiny_model, tmp_path / "hub", "example/tiny", "v1.2")
    pinned = make_spec(model="example/tiny", model_revision="v1.2", run_dir=str(tmp_path / "pinned"), **short(1))
    pinned = replace(pinned, hyperparameters=pinned.hyperparameters | {"weight_of_nothing": 0.25})
    unpinned = make_spec(model="example/tiny", run_dir=str(tmp_path / "unpinned"), **short(1))
    trainer, lost = run_beside(pinned, unpinned, HF_HUB_CACHE=str(tmp_path / "hub"))
    assert lost.end.code == "model_not_found"

    assert trainer.process.returncode == protocol.EXIT_FINISHED, trainer.output
    folder = Path(trainer.end.adapter_dir)
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == ("example/tiny", "v1.2")
    card = (folder / "README.md").read_text()
    for text in (
        "A LoRA adapter for `example/tiny` at revision `v1.2`,",
        "| Base model revision | `v1.2` |",
        "| Weight of nothing | 0.25 |",
    ):
        assert text in card
    manifest = json.loads(folder.with_name("manifest.json").read_text())
    assert manifest["configuration"]["model_revision"] == "v1.2"


def test_a_run_says_what_it_took(whole):
    (measured,) = whole.of(Measured)
    assert whole.events.index(measured) == len(whole.events) - 2
    assert measured.steps == 30
    assert measured.tokens_per_second == pytest.approx(whole.end.tokens / 30 / measured.seconds_per_step, rel=0.2)
    assert 0.5 < measured.startup_seconds < 60
    assert measured.evaluation_seconds > 0
    assert measured.saving_seconds > 0
    assert 50e6 < measured.peak_memory_bytes == measured.reserved_memory_bytes == whole.end.peak_memory_bytes
    assert measured.micro_batch_size > 1
    assert 50 < measured.longest_sequence < 400


def test_only_what_the_assistant_says_is_trained_on(base_spec):
    trained = outside(
        """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from transformers import AutoTokenizer
from trainer.reading import read_contents
tokenizer = AutoTokenizer.from_pretrained(sys.argv[2])
example = read_contents(Path(sys.argv[3]), tokenizer, limit=2048, choice="split").examples[0]
print(tokenizer.decode([label for label in example.labels if label != -100]))
""",
        TRAINING_DIR,
        base_spec.model,
        base_spec.dataset_path,
    )
    first = next(conversations(100))["messages"]
    answers = [message["content"] for message in first if message["role"] == "assistant"]
    assert trained.strip() == "".join(f"{answer}<|im_end|>" for answer in answers)
    assert len(answers) == 2


def test_long_conversations_are_cut_and_nothing_held_out_means_no_evaluation(make_spec):
    trainer = run(make_spec(max_sequence_length=200, evaluation_share=0.0, **short(2)))
    (data,) = trainer.of(Data)
    assert 0 < data.truncated < 100
    assert data.conversations + data.dropped == 100
    assert data.evaluation_pairs == 0
    assert not trainer.of(Evaluation)
    assert trainer.end.evaluation_loss is None
    assert trainer.of(Measured)[0].longest_sequence == 200


def test_smaller_micro_batches_and_recomputing_change_nothing_but_memory(make_spec, tmp_path):
    plain, careful = run_beside(
        make_spec(run_dir=str(tmp_path / "plain"), **short(3)),
        make_spec(micro_batch_size=2, gradient_checkpointing=True, **short(3)),
    )
    assert careful.process.returncode == protocol.EXIT_FINISHED, careful.output
    assert careful.of(Measured)[0].micro_batch_size == 2
    assert plain.of(Measured)[0].micro_batch_size > 2
    assert careful.losses == pytest.approx(plain.losses, rel=1e-5)
    norms = [[event.gradient_norm for event in trainer.of(Step)] for trainer in (careful, plain)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)


def test_probes_measure_real_steps_in_any_precision_and_leave_nothing(whole, make_spec, tmp_path):
    trainers = run_beside(
        make_spec(probe_steps=3, quantization="nf4", precision="bf16"),
        make_spec(probe_steps=3, precision="fp16", run_dir=str(tmp_path / "fp16")),
    )
    assert [trainer.of(Started)[0].precision for trainer in trainers] == ["bf16", "fp16"]
    for trainer in trainers:
        assert trainer.process.returncode == protocol.EXIT_FINISHED, trainer.output
        assert len(trainer.losses) == 3
        assert trainer.losses == pytest.approx(whole.losses[:3], rel=0.1)
        assert trainer.losses != whole.losses[:3]
        (measured,) = trainer.of(Measured)
        assert (measured.steps, measured.longest_sequence) == (3, whole.of(Measured)[0].longest_sequence)
        assert (trainer.end.adapter_dir, trainer.end.steps) == ("", 3)
        assert not trainer.of(Evaluation) + trainer.of(Checkpoint)
        assert not Path(trainer.job_file.parent, "checkpoints").exists()


def test_out_of_memory_says_what_would_need_less(make_spec, tmp_path, tiny_model):
    talk = [{"role": "user", "content": "north and south " * 200}, {"role": "assistant", "content": "Go on"}]
    data = tokenized([{"messages": talk}] * 24, tiny_model, tmp_path)
    changes = {"dataset_path": str(data), "micro_batch_size": 24, "batch_size": 24, "max_sequence_length": 1000}
    trainer = Trainer(make_spec(evaluation_share=0.0, steps_per_epoch=1, **changes | short(50)))
    assert trainer.read_until(Step, step=1), trainer.output
    pid = trainer.pids()[1]
    held = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.prlimit(pid, resource.RLIMIT_AS, (held // 2, held // 2))
    assert trainer.wait() == protocol.EXIT_FAILED
    failed = trainer.end
    assert failed.code == "out_of_memory", failed
    assert (failed.figures["micro_batch_size"], failed.figures["longest_sequence"]) == (24, 1000)
    assert failed.figures["step"] >= 2
    assert 0 < failed.figures["allocated_bytes"] < failed.figures["total_bytes"]
    for text in ("fewer than 24 sequences", "gradient checkpointing", "4 bits", "fewer than 1000 tokens"):
        assert text in failed.message


def test_a_run_that_cannot_go_on_says_why_and_what_to_do(make_spec, tmp_path):
    bad = tmp_path / "bad.arrow"
    bad.write_text('{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n')
    failures = [
        ({"model": "/nowhere/model"}, "model_not_found", "/nowhere/model"),
        ({"learning_rate": 1e30}, "diverged", "lower learning rate"),
        ({"device": "cuda", "gpu_count": 8}, "not_enough_gpus", "8 GPUs"),
        ({"dataset_path": str(bad)}, "data_invalid", "tokens cannot be read"),
    ]
    specs = [make_spec(run_dir=str(tmp_path / code), **changes) for changes, code, _ in failures]
    for trainer, (_, code, says) in zip(run_beside(*specs), failures, strict=True):
        assert trainer.process.returncode == protocol.EXIT_FAILED
        assert trainer.end.code == code
        assert says in trainer.end.message
        assert not Path(trainer.job_file.parent, "checkpoints").exists()


@pytest.mark.slow
def test_the_bundled_model_trains_for_a_few_steps(make_spec, tmp_path):
    model = Path(os.environ["PIPELINE_MODELS_DIR"]) / "SmolLM2-135M-Instruct"
    if not model.is_dir():
        pytest.skip(f"the bundled model is not in {model}: run make install")
    data = str(tokenized(conversations(100), model, tmp_path))
    trainer = run(make_spec(model=str(model), dataset_path=data, batch_size=2, evaluation_share=0.02, **short(4)))
    assert isinstance(trainer.end, Finished), trainer.output
    assert len(trainer.losses) == 4
    assert trainer.losses[-1] < trainer.losses[0]
