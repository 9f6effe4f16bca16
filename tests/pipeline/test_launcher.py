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

from pipeline.embedded.places import server_uid
from pipeline.processes import read_procfile
from tests.pipeline.test_embedded import ROOT, environment, processes_of

START_SECONDS = 240  # on a host that is busy with other tests; by itself it takes a tenth of it
STOP_SECONDS = 60


@pytest.fixture
def var():
    folder = Path(tempfile.mkdtemp(prefix="pipeline-run-", dir="/tmp"))
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
        code = self.process.wait(STOP_SECONDS)
        self.reader.join(5)
        return code


def left_by_an_earlier_version(var, elsewhere):
    """Files that others may read; of two, the other name lies elsewhere."""
    var.chmod(0o755)
    (var / "media" / "datasets").mkdir(parents=True)
    (var / "media" / "datasets" / "chats.jsonl").write_text("{}")
    (var / "secret_key").write_text("kept")
    elsewhere.write_text("of the system")
    os.link(elsewhere, var / "media" / "hard")
    (var / "media" / "soft").symlink_to(elsewhere)
    for path in (var, *var.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)


def is_private(path):
    found = path.lstat()
    return found.st_uid == server_uid() and (path.is_symlink() or not found.st_mode & 0o077)


def status_of(pid):
    lines = (line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: value.split() for name, value in lines}


def check_least_privilege(launched, var):
    """Every process of it is an ordinary user's, with no rights; what is kept is that user's alone."""
    pids = processes_below(launched.process.pid)
    assert len(pids) > 7
    for pid in pids:
        status = status_of(pid)
        assert set(status["Uid"]) == {str(server_uid())} != {"0"}
        assert int(status["CapEff"][0], 16) == 0
    assert "superuser" not in launched.output
    assert [path for path in (var, *var.rglob("*")) if path.name != "hard" and not is_private(path)] == []


def processes_below(first):
    found = [first]
    for pid in found:
        found += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found


def test_it_starts_serves_stops_on_ctrl_c_and_keeps_what_it_had(var, port, tmp_path):
    left_by_an_earlier_version(var, tmp_path / "elsewhere")
    first = Launched(var, port)
    assert first.ready.wait(START_SECONDS)
    check_least_privilege(first, var)
    assert (tmp_path / "elsewhere").stat().st_uid == os.getuid()
    assert f"Pipeline is ready at http://127.0.0.1:{port}" in first.output
    assert re.search(r"Sign in as demo with the password \S{12}", first.output), first.output
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/login") as answer:
        assert b"Sign in" in answer.read()
    refused = Launched(var, port)
    assert refused.process.wait(START_SECONDS) == 1
    refused.reader.join(5)
    assert f"Something answers at http://127.0.0.1:{port} already, most likely Pipeline itself" in refused.output
    assert first.stop() == 0
    assert "Traceback" not in first.output
    assert processes_of(var) == []

    second = Launched(var, port)
    assert second.ready.wait(START_SECONDS)
    assert "password" not in second.output
    assert second.stop(signal.SIGTERM) == 0
    assert processes_of(var) == []


def test_a_taken_port_is_said_before_anything_is_started(var, port):
    with socket.create_server(("127.0.0.1", port)):
        launched = Launched(var, port)
        assert launched.process.wait(START_SECONDS) == 1
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
    assert launched.process.wait(START_SECONDS) == 1
    launched.reader.join(5)
    assert said in launched.output
    assert "Traceback" not in launched.output


@pytest.mark.skipif(os.getuid() != 0, reason="only root's instance runs as another user")
@pytest.mark.parametrize(
    ("variable", "mode", "said"),
    [("PIPELINE_MODELS_DIR", 0o700, "cannot be read"), ("PIPELINE_RUNS_DIR", 0o755, "cannot be written to")],
)
def test_what_roots_unprivileged_user_cannot_use_is_said(var, port, tmp_path, variable, mode, said):
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(mode)
    launched = Launched(var, port, **{variable: str(folder)})
    assert launched.process.wait(START_SECONDS) == 1
    launched.reader.join(5)
    assert f"runs as nobody, who cannot use this installation: {folder} {said}" in launched.output
    assert "Traceback" not in launched.output


@pytest.mark.skipif(os.getuid() != 0, reason="only root's instance runs as another user")
def test_somebodys_folder_is_not_taken_from_them(var, port):
    os.chown(var, 12345, 12345)
    launched = Launched(var, port)
    assert launched.process.wait(START_SECONDS) == 1
    launched.reader.join(5)
    assert f"{var} belongs to user 12345. Start Pipeline as that user" in launched.output
    assert list(var.iterdir()) == []


def test_after_a_kill_nothing_blocks_the_next_start(var, port):
    first = Launched(var, port)
    assert first.ready.wait(START_SECONDS)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()
    second = Launched(var, port)
    assert second.ready.wait(START_SECONDS)
    assert "Pipeline is ready" in second.output, second.output
    assert second.stop() == 0


def test_the_procfile_names_every_process():
    assert list(read_procfile(ROOT / "Procfile")) == ["web", "worker", "data", "gpu", "beat"]
