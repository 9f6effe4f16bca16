"""A run that is killed, stopped or out of money goes on as if nothing had happened."""

import json
import os
import random
import resource
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tokenized import tokenized
from tests.training.trainer.conftest import Trainer, changed, conversations, run, run_beside, short, weights
from training.trainer import history, protocol
from training.trainer.protocol import Checkpoint, Evaluation, Failed, Finished, Log, Resumed, Stage, Step, Stopped


@pytest.fixture(scope="module")
def continued(whole, base_spec, tmp_path_factory):
    """Trainers that went on from the end of the same run: untouched, damaged, and with other settings and data."""
    folder = tmp_path_factory.mktemp("continued")
    data = tokenized(reversed(list(conversations(100))), Path(base_spec.model), folder)
    changes = {"untouched": {}, "damaged": {}, "other": {"learning_rate": 2e-3, "dataset_path": str(data)}}
    for name in changes:
        shutil.copytree(Path(whole.end.adapter_dir).parents[1], folder / name / "checkpoints")
    state = folder / "damaged" / "checkpoints" / "step-00000030" / "state.pt"
    state.write_bytes(state.read_bytes()[:-1])
    specs = [changed(base_spec, run_dir=str(folder / name), **values) for name, values in changes.items()]
    return dict(zip(changes, run_beside(*specs), strict=True))


def test_killed_and_stopped_at_random_moments_it_ends_with_the_same_weights(whole, make_spec):
    seed = random.randrange(10**6)
    print(f"the moments come from seed {seed}")
    generator = random.Random(seed)
    losses, evaluations, reached = {}, {}, 0
    for attempt in range(1, 12):
        trainer = Trainer(make_spec(attempt=attempt, checkpoint_seconds=0.1))
        ends_by = [signal.SIGKILL, signal.SIGTERM][attempt % 2]
        if attempt < 4:
            trainer.read_until(Step, step=reached + generator.randint(1, 8))
            time.sleep(generator.uniform(0, 0.2))
            trainer.process.send_signal(ends_by)
        code = trainer.wait()
        assert trainer.is_gone_within(2)
        (resumed,) = trainer.of(Resumed)
        steps = [event.step for event in trainer.of(Step)]
        assert steps == list(range(resumed.step + 1, resumed.step + 1 + len(steps)))
        assert resumed.step >= reached, "what a checkpoint held was lost"
        losses |= {event.step: event.loss for event in trainer.of(Step)}
        evaluations |= {event.step: event.loss for event in trainer.of(Evaluation)}
        if code == protocol.EXIT_FINISHED:
            break
        if ends_by == signal.SIGTERM:
            assert code == protocol.EXIT_STOPPED
            assert trainer.end == Stopped(step=steps[-1], reason="asked", adapter_dir=trainer.end.adapter_dir)
            card = Path(trainer.end.adapter_dir, "README.md").read_text()
            assert f"**Partial: step {steps[-1]} of 30.**" in card
        reached = max([reached, *(event.step for event in trainer.of(Checkpoint))])

    assert attempt > 2, "it was never interrupted"
    assert [losses[step] for step in range(1, 31)] == whole.losses
    assert evaluations == {event.step: event.loss for event in whole.of(Evaluation)}
    assert weights(trainer.end.adapter_dir) == weights(whole.end.adapter_dir)
    left = sorted(path.name for path in Path(trainer.job_file.parent, "checkpoints").iterdir())
    assert len(left) == 2
    assert left[-1] == "step-00000030"


def test_a_damaged_checkpoint_is_passed_over_and_the_result_is_the_same(whole, continued):
    trainer = continued["damaged"]
    assert any("step 30 is damaged" in event.message for event in trainer.of(Log))
    assert trainer.of(Resumed) == [Resumed(step=15)]
    assert trainer.losses == whole.losses[15:]
    assert weights(trainer.end.adapter_dir) == weights(whole.end.adapter_dir)


def test_with_nothing_left_to_do_it_hands_over_the_adapter_again(whole, continued):
    trainer = continued["untouched"]
    assert trainer.process.returncode == protocol.EXIT_FINISHED
    assert trainer.of(Resumed) == [Resumed(step=30)]
    assert not trainer.losses
    assert replace(trainer.end, adapter_dir="", peak_memory_bytes=0) == replace(
        whole.end, adapter_dir="", peak_memory_bytes=0
    )
    assert weights(trainer.end.adapter_dir) == weights(whole.end.adapter_dir)


def test_a_checkpoint_of_other_settings_or_data_is_refused(continued):
    trainer = continued["other"]
    assert trainer.process.returncode == protocol.EXIT_FAILED
    assert trainer.end.code == "checkpoint_mismatch"
    assert "learning rate was 0.001 and is 0.002" in trainer.end.message
    assert "data was" in trainer.end.message


def test_a_checkpoint_names_what_its_run_is_bound_to_and_nothing_else(whole):
    """Other names would refuse every checkpoint written before."""
    configuration = json.loads(Path(whole.end.adapter_dir).with_name("manifest.json").read_text())["configuration"]
    assert len(configuration.pop("data")) == 64
    assert configuration == {
        "model_name": "example/tiny",
        "learning_rate": 0.001,
        "batch_size": 8,
        "epochs": 2,
        "rank": 8,
        "alpha": 16,
        "dropout": 0.05,
        "total_steps": 30,
        "steps_per_epoch": 15,
        "evaluation_share": 0.05,
        "max_sequence_length": 2048,
        "too_long": "split",
        "step_plan": 2,
        "warmup_share": 0.03,
        "seed": 42,
        "quantization": "none",
    }


WITHOUT_ROOM = "No checkpoint could be written"


def limit_files(trainer, size):
    """A limit on the size of files stands in for the disk: its errors are handled alike."""
    resource.prlimit(trainer.pids()[1], resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def wait_until_it_lacks_room(trainer):
    while (said := trainer.read_until(Log)) and not said.message.startswith(WITHOUT_ROOM):
        pass
    assert said, trainer.output[-2000:]


def test_the_disk_is_full_and_the_run_goes_on_with_its_last_checkpoint(make_spec):
    """Full from each file of a checkpoint on."""
    trainer = Trainer(make_spec(total_steps=50_000, checkpoint_seconds=0.2))
    first = trainer.read_until(Checkpoint).step
    folder = Path(trainer.job_file.parent, "checkpoints")
    written = folder / f"step-{first:08d}"
    sizes = [file.stat().st_size for file in (written / "adapter" / "adapter_model.safetensors", written / "state.pt")]
    for size in (1024, *(size - 1 for size in sizes)):
        limit_files(trainer, size)
        wait_until_it_lacks_room(trainer)
        kept = max(event.step for event in trainer.of(Checkpoint))
        assert trainer.read_until(Step).step > kept  # it goes on
        left = sorted(path.name for path in folder.iterdir())
        assert left[-1] == f"step-{kept:08d}"
        assert not any("draft" in name for name in left)
        limit_files(trainer, resource.RLIM_INFINITY)
        assert trainer.read_until(Checkpoint).step > kept
    trainer.process.send_signal(signal.SIGTERM)
    assert trainer.wait() == protocol.EXIT_STOPPED
    kept = history.read(trainer.job_file.parent, upto=trainer.end.step)
    steps = [event.step for event in kept if isinstance(event, Step)]
    assert steps == list(range(1, trainer.end.step + 1)), "a line was cut off, or written twice"


def test_the_last_checkpoint_waits_for_room(make_spec):
    trainer = Trainer(make_spec(checkpoint_seconds=1000.0))
    trainer.read_until(Step)
    limit_files(trainer, 1024)
    wait_until_it_lacks_room(trainer)  # at the epoch's end: it goes on
    wait_until_it_lacks_room(trainer)
    assert len(trainer.losses) == 30
    limit_files(trainer, resource.RLIM_INFINITY)
    assert trainer.wait() == protocol.EXIT_FINISHED
    assert Path(trainer.end.adapter_dir, "adapter_model.safetensors").exists()


def test_it_ends_before_its_deadline_with_an_adapter(make_spec, tmp_path):
    endless = {"total_steps": 50_000}
    for patience in (8, 16, 32, 64):  # a machine that is busy may take long to load
        deadline = time.time() + patience
        trainer = run(
            make_spec(run_dir=str(tmp_path / str(patience)), deadlines={"cpu": deadline, "cuda": 1.0}, **endless)
        )
        assert trainer.process.returncode == protocol.EXIT_STOPPED
        assert trainer.end.reason == "budget"
        if trainer.losses:
            break
    assert trainer.end.step == len(trainer.losses) > 0
    assert Path(trainer.end.adapter_dir, "adapter_model.safetensors").exists()
    assert os.path.getmtime(trainer.end.adapter_dir) <= deadline


def test_a_deadline_too_near_for_a_step_stops_it_before_one(make_spec):
    trainer = run(make_spec(deadlines={"cpu": time.time() + 1}))
    assert trainer.process.returncode == protocol.EXIT_STOPPED
    assert trainer.end == Stopped(step=0, reason="budget", adapter_dir=None)
    assert trainer.of(Resumed) == [Resumed(step=0)]
    assert not trainer.losses


def test_two_processes_stop_together_and_go_on_as_one_process_would(make_spec, tmp_path):
    one = Trainer(make_spec(run_dir=str(tmp_path / "one"), **short(6)))
    two = Trainer(make_spec(**short(6)), PIPELINE_CPU_PROCESSES="2")
    assert two.read_until(Step, step=2), two.output
    two.process.terminate()
    assert one.wait() == protocol.EXIT_FINISHED
    assert two.wait() == protocol.EXIT_STOPPED
    assert (two.end.reason, two.end.step) == ("asked", len(two.losses))
    assert two.end.step < 6
    rest = run(make_spec(attempt=2, **short(6)), PIPELINE_CPU_PROCESSES="2")
    assert rest.process.returncode == protocol.EXIT_FINISHED, rest.output
    assert two.losses + rest.losses == pytest.approx(one.losses, abs=1e-4)
    assert rest.end.evaluation_loss == pytest.approx(one.end.evaluation_loss, abs=1e-4)
    assert isinstance(rest.end, Finished)
    assert not rest.of(Failed)


def test_stopped_in_the_midst_of_an_evaluation_it_evaluates_when_it_goes_on(make_spec):
    spec = make_spec(evaluation_share=0.5, micro_batch_size=1, **short(2))
    first = Trainer(spec)
    assert first.read_until(Stage, stage="evaluating")
    first.process.terminate()
    assert first.wait() == protocol.EXIT_STOPPED
    assert not first.of(Evaluation)
    assert first.end.step == 2
    second = run(spec)
    assert not second.losses
    assert [event.step for event in second.of(Evaluation)] == [2]
    assert second.end.evaluation_loss == second.of(Evaluation)[0].loss
