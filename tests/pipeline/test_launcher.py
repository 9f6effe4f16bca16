"""What ``make run`` starts, started for real."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

import pytest

from pipeline.processes import read_procfile
from tests.pipeline.test_embedded import ROOT, environment, processes_of


@pytest.fixture
def var():
    folder = Path(tempfile.mkdtemp(prefix="pipeline-run-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Launched:
    def __init__(self, var, port, **extra):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.launcher"],
            cwd=ROOT,
            env=environment(var, PIPELINE_BIND=f"127.0.0.1:{port}", PYTHONUNBUFFERED="1", **extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines = []
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if "Pipeline is ready" in line:
                self.ready.set()
        self.ready.set()

    @property
    def output(self):
        return "".join(self.lines)

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        code = self.process.wait(40)
        self.reader.join(5)
        return code


def test_it_starts_serves_stops_on_ctrl_c_and_keeps_what_it_had(var, port):
    first = Launched(var, port)
    assert first.ready.wait(60)
    assert f"Pipeline is ready at http://127.0.0.1:{port}" in first.output
    assert re.search(r"Sign in as demo with the password \S{12}", first.output), first.output
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/login") as answer:
        assert b"Sign in" in answer.read()
    refused = Launched(var, port)
    assert refused.process.wait(30) == 1
    refused.reader.join(5)
    assert f"Something answers at http://127.0.0.1:{port} already, most likely Pipeline itself" in refused.output
    assert first.stop() == 0
    assert "Traceback" not in first.output
    assert processes_of(var) == []

    second = Launched(var, port)
    assert second.ready.wait(30)
    assert "password" not in second.output
    assert second.stop(signal.SIGTERM) == 0
    assert processes_of(var) == []


def test_a_taken_port_is_said_before_anything_is_started(var, port):
    with socket.create_server(("127.0.0.1", port)):
        launched = Launched(var, port)
        assert launched.process.wait(30) == 1
        launched.reader.join(5)
    assert f"Cannot listen on 127.0.0.1:{port}" in launched.output
    assert f"PIPELINE_BIND=127.0.0.1:{port + 1}" in launched.output
    assert "Traceback" not in launched.output
    assert not (var / "postgres").exists()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PIPELINE_STOP_GRACE_SECONDS", "soon", "PIPELINE_STOP_GRACE_SECONDS is “soon”, which is not a number."),
        ("PIPELINE_TRAINER_DEVICE", "tpu", "PIPELINE_TRAINER_DEVICE is “tpu”."),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/name", "The database at DATABASE_URL does not answer"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "The broker at REDIS_URL does not answer"),
    ],
)
def test_a_setting_that_cannot_work_is_said_by_name(var, port, variable, value, said):
    launched = Launched(var, port, **{variable: value})
    assert launched.process.wait(30) == 1
    launched.reader.join(5)
    assert said in launched.output
    assert "Traceback" not in launched.output


def test_after_a_kill_nothing_blocks_the_next_start(var, port):
    first = Launched(var, port)
    assert first.ready.wait(60)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    second = Launched(var, port)
    assert second.ready.wait(60)
    assert "Pipeline is ready" in second.output, second.output
    assert second.stop() == 0


def test_the_procfile_names_every_process():
    assert list(read_procfile(ROOT / "Procfile")) == ["web", "worker", "data", "gpu", "beat"]
