"""``python -m pipeline.launcher``: everything on this machine, up together and down together.

Embedded servers, migrations, demo, static files, then the Procfile's processes until Ctrl-C; as an ordinary user,
whoever starts it.
"""

import os
import signal
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError

from pipeline import embedded, health, private, unprivileged
from pipeline.addresses import LaunchError, address, answers, check_port, url
from pipeline.processes import Processes, read_procfile

STOP_GRACE_SECONDS = "20"
"""For a trainer to finish its step and save; within what the processes are given to stop."""


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    host, port = address(os.environ.get("PIPELINE_BIND") or "127.0.0.1:8000")
    var = embedded.var_dir()
    try:
        unprivileged.go_on("pipeline.launcher", var=var, port=port)
        check_port(host, port)
        os.umask(0o077)
        private.tighten(var)
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
    }
    site = url(host, port)
    processes = Processes(
        read_procfile(settings.SITE_DIR / "Procfile"), environment=environment, directory=embedded.ROOT
    )
    announced = False

    def announce() -> None:
        nonlocal announced
        if not announced and answers(f"{site}/healthz"):
            announced = True
            print(f"\n  Pipeline is ready at {site}   (Ctrl-C stops it)\n", flush=True)

    signal.signal(signal.SIGINT, lambda *_: processes.ask_to_stop())
    signal.signal(signal.SIGTERM, lambda *_: processes.ask_to_stop())
    try:
        ended = processes.wait(tick=announce)
    finally:
        print("Stopping… (a running job saves a checkpoint first)", flush=True)
        processes.stop()
    if ended is None:
        print("Stopped.")
        return 0
    print(f"\nThe process “{ended}” ended on its own; its last lines above say why. Everything else was stopped.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
