"""A run that is killed, stopped or out of money goes on as if nothing had happened."""

import os
import random
import resource
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.tokenized import tokenized
from tests.trainer.conftest import Trainer, conversations, run, run_beside, short, weights
from training.trainer import protocol
from training.trainer.protocol import (
    Checkpoint,
    Evaluation,
    Failed,
    Finished,
    Log,
    Measured,
    Resumed,
    Stage,
    Step,
    Stopped,
)

TINY_FILE = (4096, 4096)


@pytest.fixture
def copy_of_whole(whole, make_spec):
    """The directory of a run that has ended, to go on from."""
    spec = make_spec()
    shutil.copytree(Path(whole.end.adapter_dir).parents[1], Path(spec.run_dir, "checkpoints"))
    return spec


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


def test_a_damaged_checkpoint_is_passed_over_and_the_result_is_the_same(whole, copy_of_whole):
    last = Path(copy_of_whole.run_dir, "checkpoints", "step-00000030", "state.pt")
    last.write_bytes(last.read_bytes()[:-1])
    trainer = run(copy_of_whole)
    assert any("step 30 is damaged" in event.message for event in trainer.of(Log))
    assert trainer.of(Resumed) == [Resumed(step=15)]
    assert trainer.losses == whole.losses[15:]
    assert weights(trainer.end.adapter_dir) == weights(whole.end.adapter_dir)


def test_with_nothing_left_to_do_it_hands_over_the_adapter_again(whole, copy_of_whole):
    trainer = run(copy_of_whole)
    assert trainer.process.returncode == protocol.EXIT_FINISHED
    assert trainer.of(Resumed) == [Resumed(step=30)]
    assert not trainer.losses
    assert (trainer.end.steps, trainer.end.tokens, trainer.end.final_loss) == (
        30,
        whole.end.tokens,
        whole.end.final_loss,
    )
    assert weights(trainer.end.adapter_dir) == weights(whole.end.adapter_dir)


def test_a_checkpoint_of_other_settings_or_data_is_refused(copy_of_whole, tmp_path):
    data = tokenized(reversed(list(conversations(100))), Path(copy_of_whole.model), tmp_path)
    values = {"learning_rate": 2e-3, "dataset_path": str(data)}
    trainer = run(type(copy_of_whole)(**vars(copy_of_whole) | values))
    assert trainer.process.returncode == protocol.EXIT_FAILED
    assert trainer.end.code == "checkpoint_mismatch"
    assert "learning rate was 0.001 and is 0.002" in trainer.end.message
    assert "data was" in trainer.end.message


def test_the_disk_is_full_and_the_last_checkpoint_survives(make_spec):
    """A limit on the size of files stands in for the disk: its errors are handled alike."""
    trainer = Trainer(make_spec(total_steps=5000, steps_per_epoch=5000, epochs=1, checkpoint_seconds=0.2))
    kept = trainer.read_until(Checkpoint).step
    resource.prlimit(trainer.pids()[1], resource.RLIMIT_FSIZE, TINY_FILE)
    assert trainer.wait() == protocol.EXIT_FAILED
    assert trainer.end.code == "disk_full", trainer.end
    kept = max(event.step for event in trainer.of(Checkpoint))
    left = sorted(path.name for path in Path(trainer.job_file.parent, "checkpoints").iterdir())
    assert left[-1] == f"step-{kept:08d}"
    assert not any("draft" in name for name in left)


def test_it_ends_before_its_deadline_with_an_adapter_or_before_its_first_step(whole, make_spec, tmp_path):
    patience = 2 * whole.of(Measured)[0].startup_seconds + 4  # for this machine as it is, and two trainers at once
    deadline = time.time() + patience
    endless = {"total_steps": 50_000, "steps_per_epoch": 50_000, "epochs": 1}
    late, early = run_beside(
        make_spec(deadlines={"cpu": deadline, "cuda": 1.0}, **endless),
        make_spec(deadlines={"cpu": time.time() + 1}, run_dir=str(tmp_path / "early")),
    )
    assert late.process.returncode == early.process.returncode == protocol.EXIT_STOPPED
    assert late.end.reason == "budget"
    assert late.end.step == late.of(Step)[-1].step
    assert Path(late.end.adapter_dir, "adapter_model.safetensors").exists()
    assert os.path.getmtime(late.end.adapter_dir) <= deadline
    assert early.end == Stopped(step=0, reason="budget", adapter_dir=None)
    assert early.of(Resumed) == [Resumed(step=0)]
    assert not early.losses


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
