import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from django.db import connection

from pipeline.accounts.models import ApiToken
from tests.datasets import corpus


@pytest.fixture
def read(tmp_path):
    """What a file of these bytes and this name holds."""

    def read_bytes(data, name="chats.jsonl", **options):
        path = tmp_path / name
        path.write_bytes(data)
        return corpus.read(path, **options)

    return read_bytes


@pytest.fixture
def token(user):
    return ApiToken.objects.create(user)[1]


@pytest.fixture
def small_web(tmp_path):
    """The production web server with a limit of a million bytes: its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        host, port = probe.getsockname()
    url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
    url = url._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = os.environ | {
        "DATABASE_URL": urllib.parse.urlunsplit(url),
        "PIPELINE_DATASET_MAX_BYTES": "1000000",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "pipeline.serving", "--port", str(port)]
    with (tmp_path / "web.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=1):
            break
        assert time.monotonic() < deadline, (tmp_path / "web.log").read_text()
        time.sleep(0.1)
    yield host, port
    server.terminate()
    server.wait(timeout=20)
