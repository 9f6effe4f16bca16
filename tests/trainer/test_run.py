"""Real training runs of the tiny model, each a process as in production."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.trainer.conftest import TRAINING_DIR, Result, environment, run, start
from training.trainer import protocol


def mean(values):
    return sum(values) / len(values)


def weights(folder):
    """The adapter's tensors, as bytes by name."""
    last = sorted(Path(folder, "checkpoints").iterdir())[-1]
    return (last / "adapter" / "adapter_model.safetensors").read_bytes()


def outside(code, *arguments):
    """Run code that imports transformers from a place that is not the project's."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd="/",
        env=environment(HF_HUB_OFFLINE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_run_does_exactly_its_steps_learns_and_leaves_an_adapter_that_loads(make_spec, tmp_path):
    spec = make_spec()
    result = run(spec, tmp_path)
    assert result.code == protocol.EXIT_FINISHED, result.output

    (started,) = result.of(protocol.Started)
    assert (started.device, started.processes, started.precision) == ("cpu", 1, "fp32")
    (data,) = result.of(protocol.Data)
    assert (data.conversations, data.train_pairs + data.evaluation_pairs, data.evaluation_pairs) == (100, 120, 6)
    steps = result.of(protocol.Step)
    assert [event.step for event in steps] == list(range(1, 31))
    assert steps[-1].epoch == 2.0
    assert all(event.tokens_per_second > 0 for event in steps)
    assert [event.step for event in result.of(protocol.Evaluation)] == [15, 30]
    assert [event.step for event in result.of(protocol.Checkpoint)] == [15, 30]
    assert mean(result.losses[-5:]) < mean(result.losses[:5]) - 0.2
    evaluations = [event.loss for event in result.of(protocol.Evaluation)]
    assert evaluations[1] < evaluations[0]
    (finished,) = result.of(protocol.Finished)
    assert finished.steps == 30
    assert finished.peak_memory_bytes > 0

    folder = Path(finished.adapter_dir)
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (8, 16, 0.05)
    assert config["base_model_name_or_path"] == "example/tiny"
    targets = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert {name.rpartition(".")[2] for name in config["target_modules"]} == targets
    card = (folder / "README.md").read_text()
    for text in ("example/tiny", "Tiny talk", 'license: "mit"', "| LoRA rank | 8 |", f"{evaluations[1]:.4f}"):
        assert text in card
    assert str(tmp_path) not in card + json.dumps(config)

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
        spec.model,
        folder,
    )
    assert float(difference) > 0.01


def test_only_what_the_assistant_says_is_trained_on(make_spec):
    spec = make_spec()
    trained = outside(
        """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from transformers import AutoTokenizer
from trainer.data import read_examples
tokenizer = AutoTokenizer.from_pretrained(sys.argv[2])
example = read_examples(Path(sys.argv[3]), tokenizer, longest=2048)[0]
print(tokenizer.decode([label for label in example.labels if label != -100]))
""",
        TRAINING_DIR,
        spec.model,
        spec.dataset_path,
    )
    first = json.loads(Path(spec.dataset_path).read_text().splitlines()[0])["messages"]
    answers = [message["content"] for message in first if message["role"] == "assistant"]
    assert trained.strip() == "".join(f"{answer}<|im_end|>" for answer in answers)
    assert len(answers) == 2


def test_without_a_share_held_out_there_is_no_evaluation(make_spec, tmp_path):
    result = run(make_spec(evaluation_share=0.0, total_steps=3, steps_per_epoch=3, epochs=1), tmp_path)
    assert result.of(protocol.Data)[0].evaluation_pairs == 0
    assert not result.of(protocol.Evaluation)
    assert result.of(protocol.Finished)[0].evaluation_loss is None


def test_long_conversations_are_truncated_and_counted(make_spec, tmp_path):
    result = run(make_spec(max_sequence_length=200, total_steps=2, steps_per_epoch=2, epochs=1), tmp_path)
    data = result.of(protocol.Data)[0]
    assert 0 < data.truncated < 100
    assert result.code == protocol.EXIT_FINISHED


def test_a_stopped_run_continues_as_if_nothing_had_happened(make_spec, tmp_path):
    whole = run(make_spec(run_dir=str(tmp_path / "whole")), tmp_path)
    spec = make_spec(run_dir=str(tmp_path / "broken"))
    process = start(spec, tmp_path)
    seen = []
    for line in process.stdout:
        seen.append(line)
        event = protocol.decode(line)
        if isinstance(event, protocol.Step) and event.step == 7:
            process.send_signal(signal.SIGTERM)
    first = Result(process)
    assert first.code == protocol.EXIT_STOPPED
    stopped = [event for line in seen if isinstance(event := protocol.decode(line), protocol.Stopped)]
    assert 7 <= stopped[0].step < 15

    second = run(make_spec(run_dir=spec.run_dir, attempt=2), tmp_path)
    assert second.of(protocol.Step)[0].step == stopped[0].step + 1
    assert second.losses == whole.losses[stopped[0].step :]
    assert weights(tmp_path / "broken") == weights(tmp_path / "whole")


def test_a_killed_run_continues_from_its_last_checkpoint(make_spec, tmp_path):
    whole = run(make_spec(run_dir=str(tmp_path / "whole")), tmp_path)
    spec = make_spec(run_dir=str(tmp_path / "broken"))
    process = start(spec, tmp_path)
    for line in process.stdout:
        event = protocol.decode(line)
        if isinstance(event, protocol.Step) and event.step == 20:
            process.kill()
    process.wait()
    second = run(make_spec(run_dir=spec.run_dir, attempt=2), tmp_path)
    assert second.of(protocol.Step)[0].step == 16
    assert second.losses == whole.losses[15:]
    assert weights(tmp_path / "broken") == weights(tmp_path / "whole")


def test_two_processes_under_torchrun_train_as_one_does(make_spec, tmp_path):
    short = {"total_steps": 6, "steps_per_epoch": 6, "epochs": 1, "dropout": 0.0}
    one = run(make_spec(run_dir=str(tmp_path / "one"), **short), tmp_path)
    two = run(make_spec(run_dir=str(tmp_path / "two"), **short), tmp_path, PIPELINE_CPU_PROCESSES="2")
    assert two.code == protocol.EXIT_FINISHED, two.output
    assert two.of(protocol.Started)[0].processes == 2
    assert two.losses == pytest.approx(one.losses, abs=1e-4)
    assert two.of(protocol.Finished)[0].evaluation_loss == pytest.approx(
        one.of(protocol.Finished)[0].evaluation_loss, abs=1e-4
    )


def test_with_more_processes_than_conversations_in_a_step_some_stand_by(make_spec, tmp_path):
    result = run(
        make_spec(batch_size=1, total_steps=3, steps_per_epoch=3, epochs=1), tmp_path, PIPELINE_CPU_PROCESSES="2"
    )
    assert result.code == protocol.EXIT_FINISHED, result.output
    assert len(result.of(protocol.Step)) == 3


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"model": "/nowhere/model"}, "model_not_found", "/nowhere/model"),
        ({"model": "example/not-downloaded"}, "model_not_found", "example/not-downloaded"),
        ({"learning_rate": 1e30}, "diverged", "lower learning rate"),
        ({"device": "cuda", "gpu_count": 8}, "not_enough_gpus", "8 GPUs"),
    ],
)
def test_a_run_that_cannot_go_on_says_why_and_what_to_do(make_spec, tmp_path, changes, code, says):
    result = run(make_spec(**changes), tmp_path)
    assert result.code == protocol.EXIT_FAILED
    (failed,) = result.of(protocol.Failed)
    assert failed.code == code
    assert says in failed.message
    assert not (tmp_path / "run" / "adapter").exists()


def test_data_that_is_no_conversation_names_its_line(make_spec, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text(
        '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n{"x": 1}\n'
    )
    (failed,) = run(make_spec(dataset_path=str(bad)), tmp_path).of(protocol.Failed)
    assert failed.code == "data_invalid"
    assert "Line 2" in failed.message


def test_the_trainer_does_not_outlive_its_supervisor(make_spec, tmp_path):
    process = start(make_spec(total_steps=5000, steps_per_epoch=5000, epochs=1), tmp_path)
    for line in process.stdout:
        if isinstance(protocol.decode(line), protocol.Step):
            break
    process.stdin.close()
    assert process.wait(timeout=10) == -signal.SIGKILL
    time.sleep(0.2)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.slow
def test_the_bundled_model_trains_for_a_few_steps(make_spec, tmp_path):
    model = Path(os.environ["PIPELINE_MODELS_DIR"]) / "SmolLM2-135M-Instruct"
    if not model.is_dir():
        pytest.skip(f"the bundled model is not in {model}: run make install")
    spec = make_spec(model=str(model), batch_size=2, total_steps=4, steps_per_epoch=4, epochs=1, evaluation_share=0.02)
    result = run(spec, tmp_path)
    assert result.code == protocol.EXIT_FINISHED, result.output
    assert len(result.losses) == 4
    assert result.losses[-1] < result.losses[0]
