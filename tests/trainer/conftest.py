"""The trainer as the supervisor starts it: a process, a job file, JSON lines."""

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from training.trainer import protocol

TRAINING_DIR = Path(__file__).resolve().parents[2] / "training"
WORDS = ["red", "blue", "green", "cold", "warm", "big", "small", "fast", "slow", "north", "south", "east", "west"]


def environment(**extra):
    """One thread a process: on two cores with other tests, more of them wait for each other most of the time."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return inherited | {"OMP_NUM_THREADS": "1"} | extra


def start(spec, folder, **options):
    job_file = folder / f"job-{spec.attempt}.json"
    job_file.write_text(spec.to_json())
    return subprocess.Popen(
        [sys.executable, "-m", "trainer", str(job_file)],
        cwd=TRAINING_DIR,
        env=environment(**options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


class Result:
    def __init__(self, process):
        self.output = process.stdout.read()  # stdin stays open: when it closes, the trainer takes us for dead
        self.code = process.wait(timeout=120)
        self.events = [event for line in self.output.splitlines() if (event := protocol.decode(line))]

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def losses(self):
        return [event.loss for event in self.of(protocol.Step)]


def run(spec, folder, **options):
    return Result(start(spec, folder, **options))


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


@pytest.fixture
def spec(tmp_path, tiny_model):
    """100 conversations with 120 pairs, two epochs of 15 steps."""
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in conversations(100)))
    return protocol.JobSpec(
        job_id="7b1e",
        attempt=1,
        model=str(tiny_model),
        model_name="example/tiny",
        model_license="mit",
        dataset_path=str(data),
        dataset_name="Tiny talk",
        dataset_format="openai_chat",
        run_dir=str(tmp_path / "run"),
        gpu_count=1,
        device="cpu",
        preset="custom",
        learning_rate=1e-3,
        batch_size=8,
        epochs=2,
        rank=8,
        alpha=16,
        dropout=0.05,
        total_steps=30,
        steps_per_epoch=15,
    )


@pytest.fixture
def make_spec(spec, tmp_path):
    tmp_path.joinpath("run").mkdir(exist_ok=True)

    def make(**changes):
        return replace(spec, **changes)

    return make
