"""The web server of the Procfile, with settings of a test's own."""

import contextlib
import http.client
import socket
from string import Template

from pipeline.processes import read_procfile
from tests.e2e.conftest import ROOT, Worker, wait_for


@contextlib.contextmanager
def served(environment, log, **extra):
    """Its port, while it runs; what it prints is in ``log``."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = {"PIPELINE_HOST": "127.0.0.1", "PIPELINE_PORT": str(port)}
    command = Template(read_procfile(ROOT / "Procfile")["web"]).safe_substitute(address).split()
    web = Worker(command, environment | address | extra, log)
    try:
        wait_for(lambda: _answers(port), seconds=60, what="the web server")
        yield port
    finally:
        web.stop()


def _answers(port):
    with contextlib.suppress(OSError):
        return ask(port, "GET", "/healthz").status == 200


def ask(port, method, path, headers=None):
    """Its answer, read, with nothing followed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()
