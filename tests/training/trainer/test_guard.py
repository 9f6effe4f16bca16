"""A trainer dies with whoever started it, with its lease, and is alone at work on its job."""

import json
import os
import signal
import threading
import time

import pytest

from tests.training.trainer.conftest import Trainer
from training.trainer import protocol
from training.trainer.protocol import Failed, Step, Stopped

ENDLESS = {"total_steps": 50_000, "epochs": 50_000}


@pytest.fixture
def start(make_spec):
    """Start trainers, in any state at the test's end."""
    trainers = []

    def start(extra=None, **changes):
        trainer = Trainer(make_spec(**ENDLESS | changes), **extra or {})
        trainers.append(trainer)
        return trainer

    yield start
    for trainer in trainers:
        for pid in trainer.pids():
            os.kill(pid, signal.SIGKILL)
        trainer.process.wait()


def has_begun(trainer):
    """The training process is there; it still loads."""
    while len(trainer.pids()) < 2:
        time.sleep(0.01)


def journal(trainer):
    lines = (trainer.job_file.parent.parent / "trainers.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_it_lives_while_its_lease_is_renewed_and_not_longer(start):
    trainer = start(lease_seconds=2)
    renewing = threading.Event()

    def renew():
        while not renewing.wait(0.2):
            trainer.process.stdin.write(".")
            trainer.process.stdin.flush()

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        time.sleep(3)
        assert len(trainer.pids()) == 2
    finally:
        renewing.set()
        thread.join()
    last = time.monotonic()
    assert trainer.is_gone_within(5)
    assert 1 < time.monotonic() - last < 4
    assert trainer.process.wait() == -signal.SIGKILL


def test_it_dies_at_once_when_whoever_started_it_is_gone(start):
    trainer = start()
    has_begun(trainer)
    trainer.process.stdin.close()
    assert trainer.is_gone_within(20)


def test_a_lease_is_kept_even_by_a_trainer_that_hangs(start):
    trainer = start(lease_seconds=1)
    has_begun(trainer)
    os.kill(trainer.pids()[1], signal.SIGSTOP)
    assert trainer.is_gone_within(4)


def test_a_lease_that_ran_out_while_all_stood_still_is_not_renewed_by_what_waited_in_the_pipe(start):
    trainer = start(lease_seconds=4)
    has_begun(trainer)
    os.killpg(trainer.process.pid, signal.SIGSTOP)
    trainer.process.stdin.write(".")
    trainer.process.stdin.flush()
    time.sleep(4.2)
    os.killpg(trainer.process.pid, signal.SIGCONT)
    assert trainer.is_gone_within(3)


def test_a_second_trainer_for_the_same_job_is_refused_and_the_journal_says_so(start):
    first = start()
    has_begun(first)
    second = start(attempt=2)
    assert second.wait() == protocol.EXIT_FAILED
    assert (second.end.code, "Another trainer" in second.end.message) == ("already_running", True)
    assert len(first.pids()) == 2
    first.process.kill()
    assert first.is_gone_within(20), "the training outlived its guard"
    third = start(attempt=3)
    has_begun(third)
    third.process.terminate()
    assert third.wait() == protocol.EXIT_STOPPED

    lines = journal(third)
    assert [(line["attempt"], line["event"], line["exclusive"]) for line in lines] == [
        (1, "start", True),
        (2, "refused", False),
        (3, "start", True),
        (3, "end", True),
    ]
    assert lines[0]["pid"] == first.process.pid
    assert all(line["job"] == "7b1e" and line["host"] and line["started"] <= line["time"] for line in lines)


def test_asked_to_stop_while_it_loads_it_stops_at_once(start):
    trainer = start()
    has_begun(trainer)
    asked = time.monotonic()
    trainer.process.terminate()
    assert trainer.wait() == protocol.EXIT_STOPPED
    assert time.monotonic() - asked < 2
    assert trainer.end == Stopped(step=0, reason="asked", adapter_dir=None)


def test_a_training_that_the_kernel_kills_is_seen_as_killed(start):
    trainer = start()
    has_begun(trainer)
    os.kill(trainer.pids()[1], signal.SIGKILL)
    assert trainer.wait() == -signal.SIGKILL
    assert not trainer.of(Failed)


def test_every_process_under_torchrun_dies_with_the_guard(start):
    trainer = start(extra={"PIPELINE_CPU_PROCESSES": "2"}, batch_size=1)
    assert trainer.read_until(Step, step=2), trainer.output
    assert len(trainer.pids()) == 4
    trainer.process.kill()
    assert trainer.is_gone_within(20)
