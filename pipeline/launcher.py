"""``python -m pipeline.launcher``: everything on this machine, up together and down together.

Embedded servers, migrations, demo, static files, then the Procfile's processes until Ctrl-C.
"""

import errno
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError

from pipeline import embedded, health
from pipeline.processes import Processes, read_procfile

STOP_GRACE_SECONDS = "20"
"""For a trainer to finish its step and save; within what the processes are given to stop."""

PORT_SECONDS = 3.0


class LaunchError(Exception):
    """What stands in the way of starting, and what to do."""


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    host, port = _address(os.environ.get("PIPELINE_BIND") or "127.0.0.1:8000")
    var = embedded.var_dir()
    try:
        _check_port(host, port)
        with embedded.servers(var) as urls:
            os.environ |= urls | {"PIPELINE_VAR": str(var), "DJANGO_SETTINGS_MODULE": "pipeline.settings"}
            os.environ.setdefault("PIPELINE_STOP_GRACE_SECONDS", STOP_GRACE_SECONDS)
            prepare()
            return run(host, port)
    except (embedded.EmbeddedError, LaunchError, CommandError, ImproperlyConfigured) as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
        return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _address(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise SystemExit(f"PIPELINE_BIND is “{bind}”, but must be HOST:PORT, for example 127.0.0.1:8001.")
    return host.strip("[]") or "127.0.0.1", int(port)


def _check_port(host: str, port: int) -> None:
    """Raises LaunchError if the port stays taken; a predecessor that was killed gets a moment to let go of it."""
    deadline = time.monotonic() + PORT_SECONDS
    while error := _refusal(host, port):
        if _answers(f"{_url(host, port)}/healthz"):
            raise LaunchError(
                f"Something answers at {_url(host, port)} already, most likely Pipeline itself: use that one, stop it, "
                f"or choose another port: PIPELINE_BIND={host}:{port + 1} make run"
            )
        if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise LaunchError(
                f"Cannot listen on {host}:{port}: {error.strerror}. Stop what uses the port, or choose another: "
                f"PIPELINE_BIND={host}:{port + 1} make run"
            )
        time.sleep(0.2)


def _refusal(host: str, port: int) -> OSError | None:
    """Why one cannot listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def prepare() -> None:
    """Bring the database, the demo and the static files up to date; quick when they are. Raises LaunchError."""
    django.setup()
    if problem := health.broker_problem():
        raise LaunchError(f"The broker at REDIS_URL does not answer: {problem}")
    try:
        call_command("migrate", verbosity=0, skip_checks=False)
    except OperationalError as error:
        raise LaunchError(f"The database at DATABASE_URL does not answer: {error}") from error
    call_command("load_demo")
    call_command("collectstatic", "--noinput", verbosity=0)


def run(host: str, port: int) -> int:
    """The Procfile's processes until Ctrl-C (0) or until one of them ends by itself (1)."""
    binaries = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}",
        "PIPELINE_HOST": host,
        "PIPELINE_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",  # for root, every start
    }
    url = _url(host, port)
    processes = Processes(read_procfile(embedded.ROOT / "Procfile"), environment=environment, directory=embedded.ROOT)
    announced = False

    def announce() -> None:
        nonlocal announced
        if not announced and _answers(f"{url}/healthz"):
            announced = True
            print(f"\n  Pipeline is ready at {url}   (Ctrl-C stops it)\n", flush=True)

    signal.signal(signal.SIGINT, lambda *_: processes.ask_to_stop())
    signal.signal(signal.SIGTERM, lambda *_: processes.ask_to_stop())
    try:
        ended = processes.wait(tick=announce)
    finally:
        print("Stopping… (a training that runs saves a checkpoint first)", flush=True)
        processes.stop()
    if ended is None:
        print("Stopped.")
        return 0
    print(f"\nThe process “{ended}” ended by itself; its last lines above say why. Everything was stopped.\n")
    return 1


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(main())
