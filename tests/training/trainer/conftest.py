"""The trainer as its worker starts it: a process, a job file, JSON lines."""

import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tokenized import tokenized
from training.core.hyperparameters import LIMITS
from training.trainer import protocol

TRAINING_DIR = Path(__file__).resolve().parents[3] / "training"
WORDS = ["red", "blue", "green", "cold", "warm", "big", "small", "fast", "slow", "north", "south", "east", "west"]


def environment(**extra):
    """One thread a process: on two cores with other tests, more of them wait for each other most of the time."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return inherited | {"OMP_NUM_THREADS": "1"} | extra


class Trainer:
    """A trainer's process, and the events that it has said so far."""

    def __init__(self, spec, **extra):
        run_dir = Path(spec.run_dir)
        run_dir.mkdir(parents=True, exist_ok=True)
        self.job_file = run_dir / f"job-{spec.attempt}.json"
        self.job_file.write_text(spec.to_json())
        self.process = subprocess.Popen(
            [sys.executable, "-m", "trainer", str(self.job_file)],
            cwd=TRAINING_DIR,
            env=environment(**extra),
            stdin=subprocess.PIPE,  # when it closes, the trainer takes us for dead
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        self.events = []

    def read_until(self, kind, **values):
        """The first event of this kind, not yet read, with these values; ``None`` at the end of the output."""
        for line in self.process.stdout:
            self.output += line
            if (event := protocol.decode(line)) is None:
                continue
            self.events.append(event)
            if isinstance(event, kind) and all(getattr(event, name) == value for name, value in values.items()):
                return event
        return None

    def wait(self):
        """Read to the end; returns the exit status."""
        self.read_until(type(None))
        return self.process.wait(timeout=60)

    def pids(self):
        """Its living processes, the guard first."""
        return sorted(int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if self._is_ours(path))

    def _is_ours(self, path):
        try:
            return str(self.job_file) in path.read_text()
        except (OSError, ValueError):
            return False

    def is_gone_within(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.pids():
                return True
            time.sleep(0.02)
        return False

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def losses(self):
        return [event.loss for event in self.of(protocol.Step)]

    @property
    def end(self):
        return self.events[-1]


def run(spec, **extra):
    """A trainer that has ended."""
    return run_beside(spec, **extra)[0]


def run_beside(*specs, **extra):
    """Trainers that have ended, each of which ran beside the others."""
    trainers = [Trainer(spec, **extra) for spec in specs]
    for trainer in trainers:
        trainer.wait()
    return trainers


def weights(folder):
    """The bytes of an adapter's tensors."""
    return Path(folder, "adapter_model.safetensors").read_bytes()


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


def conversations(count, *, seed=1):
    generator = random.Random(seed)

    def say(least, most):
        return " ".join(generator.choices(WORDS, k=generator.randint(least, most)))

    for number in range(count):
        messages = [{"role": "system", "content": "Be brief."}] if number % 7 == 0 else []
        for _ in range(2 if number % 5 == 0 else 1):
            messages.append({"role": "user", "content": f"Say {say(2, 12)}"})
            messages.append({"role": "assistant", "content": f"In short: {say(3, 20)}. Next step: try it."})
        yield {"messages": messages}


@pytest.fixture(scope="session")
def base_spec(tmp_path_factory, tiny_model):
    """100 conversations with 120 pairs, two epochs of 15 steps."""
    folder = tmp_path_factory.mktemp("trainer")
    data = tokenized(conversations(100), tiny_model, folder)
    return protocol.JobSpec(
        job_id="7b1e",
        attempt=1,
        model=str(tiny_model),
        model_name="example/tiny",
        model_license="mit",
        dataset_path=str(data),
        dataset_name="Tiny talk",
        dataset_format="openai_chat",
        run_dir=str(folder / "runs" / "whole"),
        gpu_count=1,
        device="cpu",
        cpu_name="CPU (example)",
        preset="custom",
        hyperparameters={
            "learning_rate": 1e-3,
            "batch_size": 8,
            "epochs": 2,
            "rank": 8,
            "alpha": 16,
            "dropout": 0.05,
        },
        total_steps=30,
        steps_per_epoch=15,
        evaluation_share=0.05,
        most_held_out=200,
        split_seed=42,
        max_sequence_length=2048,
        tokens_at_once={"cpu": 2048, "cuda": 16384},
    )


def changed(spec, **changes):
    """The same job with changes, those of hyperparameters by their names; of sequences, the length that counts."""
    chosen = {name: changes.pop(name) for name in LIMITS.keys() & changes.keys() - {"max_sequence_length"}}
    return replace(spec, hyperparameters=spec.hyperparameters | chosen, **changes)


@pytest.fixture(scope="session")
def whole(base_spec):
    """A run that nothing disturbed."""
    return run(base_spec)


@pytest.fixture
def make_spec(base_spec, tmp_path):
    """The same in a directory of the test's own, with changes."""

    def make(**changes):
        return changed(base_spec, **{"run_dir": str(tmp_path / "runs" / "run")} | changes)

    return make


def short(steps=3):
    """Changes that make a run of so many steps, of an epoch or more, without chance in it."""
    return {"total_steps": steps, "epochs": 1, "dropout": 0.0}
