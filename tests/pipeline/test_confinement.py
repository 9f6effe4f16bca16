"""A program that a worker starts: what it has of the worker's environment, and of the host."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import confinement
from pipeline.embedded.places import socket_dir

SECRETS = {
    "DATABASE_URL", "REDIS_URL", "PIPELINE_SECRET_KEY", "PIPELINE_METRICS_TOKEN", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY",
    "DJANGO_SETTINGS_MODULE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HTTPS_PROXY", "https_proxy", "SSH_AUTH_SOCK",
    "PYTHONPATH", "SOMETHING_ELSE",
}  # fmt: skip
NEEDED = {
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES", "NCCL_DEBUG", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "HF_HOME", "HF_HUB_OFFLINE",
    "TORCH_HOME", "PYTORCH_CUDA_ALLOC_CONF", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "PYTHONUNBUFFERED",
    "PIPELINE_CPU_PROCESSES",
}  # fmt: skip


@pytest.fixture
def everything(monkeypatch):
    for name in SECRETS | NEEDED:
        monkeypatch.setenv(name, f"value of {name}")


@pytest.mark.usefixtures("everything")
def test_it_has_what_finds_libraries_and_devices_and_nothing_else():
    given = confinement.environment().keys()
    assert given >= NEEDED
    assert not SECRETS & given


@pytest.mark.usefixtures("everything")
def test_what_fetching_takes_is_for_those_that_may_fetch():
    given = confinement.environment(online=True).keys()
    assert SECRETS & given == {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HTTPS_PROXY", "https_proxy"}


def run(code, **options):
    """What a program prints that was started as a worker starts it."""
    command = confinement.confined([sys.executable, "-c", code], **options)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=confinement.environment())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def possible():
    if confinement.confined(["true"]) == ["true"]:
        pytest.skip("this system does not let programs be confined")


def connect(address):
    """Code that says whether it can be connected to."""
    return (
        f"import socket\ntry: socket.create_connection({address}, 5); print('connected')\n"
        "except OSError: print('refused')"
    )


@pytest.mark.usefixtures("possible")
def test_it_reaches_itself_and_nobody_else():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert run(connect(server.getsockname())) == "refused"
        assert run(connect(server.getsockname()), online=True) == "connected"
    listening = "import socket; server = socket.create_server(('127.0.0.1', 0))\n"
    assert run(listening + connect("server.getsockname()")) == "connected"


@pytest.mark.usefixtures("possible")
@pytest.mark.parametrize("online", [False, True])
def test_it_sees_neither_the_servers_sockets_nor_the_secret_key(tmp_path, monkeypatch, online):
    monkeypatch.setenv("PIPELINE_VAR", str(tmp_path))
    socket_dir(tmp_path).mkdir()
    (socket_dir(tmp_path) / "valkey.sock").touch()
    (tmp_path / "secret_key").write_text("secret")
    (tmp_path / "model").write_text("weights")
    look = (
        f"import os; from pathlib import Path; var = Path({str(tmp_path)!r})\n"
        f"print(os.listdir({str(socket_dir(tmp_path))!r}), (var / 'model').read_text())\n"
        "try: print(repr((var / 'secret_key').read_text()))\n"
        "except OSError: print('refused')"
    )
    assert run(look, online=online) in ("[] weights\n''", "[] weights\nrefused")
    assert (tmp_path / "secret_key").read_text() == "secret"


@pytest.mark.usefixtures("possible")
@pytest.mark.skipif(os.getuid() == 0, reason="root may read every process's environment")
def test_it_cannot_read_its_workers_environment():
    assert Path(f"/proc/{os.getpid()}/environ").read_bytes()
    assert run(f"try: print(open('/proc/{os.getpid()}/environ').read())\nexcept OSError: print('refused')") == "refused"


def test_where_it_cannot_be_confined_it_runs_all_the_same():
    script = Path(confinement.__file__).with_name("confined.py")
    refused = [sys.executable, "-I", "-S", str(script), "--hide=/proc/self/fd/1"]  # a pipe, on which nothing is mounted
    tried = subprocess.run(refused, capture_output=True, text=True, check=False)
    assert tried.returncode == 1
    done = subprocess.run([*refused, "--", "echo", "here"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("here\n", 0)
    assert "Not confined" in done.stderr
