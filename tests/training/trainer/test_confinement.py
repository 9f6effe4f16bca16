"""A trainer as its worker starts it: without the worker's secrets and network, and still on several processes."""

import os
import time
from pathlib import Path

import pytest

from pipeline import confinement
from training.trainer import protocol
from training.workers.trainer_process import Trainer

SECRETS = ("DATABASE_URL", "REDIS_URL", "PIPELINE_SECRET_KEY", "PIPELINE_METRICS_TOKEN")


@pytest.fixture
def trainer(make_spec, monkeypatch):
    """On two processes, which talk to each other at each step."""
    for name in SECRETS:
        monkeypatch.setenv(name, f"secret {name}")
    for name, value in {"PIPELINE_CPU_PROCESSES": "2", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}.items():
        monkeypatch.setenv(name, value)
    spec = make_spec()
    run_dir = Path(spec.run_dir)
    run_dir.mkdir(parents=True)
    job_file = run_dir / "job-1.json"
    job_file.write_text(spec.to_json())
    trainer = Trainer(job_file)
    yield trainer
    trainer.kill()


def follow(trainer, until):
    """Its events up to the first of that kind."""
    events = []
    while not trainer.is_over:
        line = trainer.next_line(timeout=0.5)
        if line is not None and (event := protocol.decode(line.decode())) is not None:
            events.append(event)
            if isinstance(event, until):
                break
    return events


def processes(group):
    """Of its group, and of the sessions that torchrun has begun for its own."""
    found = [group]
    for parent in found:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        found += [int(child) for child in children]
    return found


def test_a_run_of_two_processes_has_no_secrets_and_no_network_and_ends_as_one(trainer):
    events = follow(trainer, protocol.Step)
    assert isinstance(events[-1], protocol.Step), events
    assert next(event for event in events if isinstance(event, protocol.Started)).processes == 2
    pids = processes(trainer.pid)
    assert len(pids) >= 4  # guard, torchrun, two that train
    for pid in pids:
        environment = Path(f"/proc/{pid}/environ").read_text()
        assert "secret" not in environment
        assert not any(f"{name}=" in environment for name in SECRETS)
        assert "OMP_NUM_THREADS=1" in environment
        if confinement.confined(["true"]) != ["true"]:
            assert os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")
    trainer.kill()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
