"""Run the Procfile's processes side by side, their output prefixed with their names.

Own code rather than honcho: a process here ends when its manager is killed, even with -9, so that an orphan never
holds the port of the next start, and each is given the time that a graceful stop takes.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template

STOP_SECONDS = 30.0


def read_procfile(path: Path) -> dict[str, str]:
    """Name -> command line."""
    lines = (line.partition(":") for line in path.read_text().splitlines() if line.strip())
    return {name.strip(): command.strip() for name, _, command in lines}


class Processes:
    """Several long-running commands that live and end together."""

    def __init__(self, commands: Mapping[str, str], *, environment: Mapping[str, str], directory: Path) -> None:
        self._width = max(map(len, commands))
        self._stopping = threading.Event()
        self._children = {
            name: self._start(name, command, environment, directory) for name, command in commands.items()
        }

    def _start(
        self, name: str, command: str, environment: Mapping[str, str], directory: Path
    ) -> subprocess.Popen[bytes]:
        arguments = [Template(word).safe_substitute(environment) for word in shlex.split(command)]
        setpriv = shutil.which("setpriv")
        prefix = [setpriv, "--pdeathsig=TERM", "--"] if setpriv else []
        child = subprocess.Popen(
            [*prefix, *arguments],
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the terminal's Ctrl-C reaches the manager alone
        )
        threading.Thread(target=self._print, args=(name, child), daemon=True).start()
        return child

    def _print(self, name: str, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        for line in child.stdout:
            sys.stdout.write(f"{name:<{self._width}} | {line.decode(errors='replace').rstrip()}\n")
            sys.stdout.flush()

    def wait(self, *, tick: Callable[[], None]) -> str | None:
        """Until one ends (its name is returned) or ``stop`` was asked for (``None``); calls ``tick`` often."""
        while not self._stopping.wait(0.2):
            for name, child in self._children.items():
                if child.poll() is not None:
                    return name
            tick()
        return None

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def stop(self) -> None:
        """SIGTERM to all; SIGKILL to what has not ended after STOP_SECONDS."""
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for name, child in self._children.items():
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                print(f"{name} did not stop within {STOP_SECONDS:.0f} s and is being killed")
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
