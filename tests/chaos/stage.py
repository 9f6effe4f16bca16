"""The processes and servers that are killed, and come back."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from random import Random

from pipeline import embedded
from tests.chaos.disks import Disks
from tests.chaos.outages import Outages
from tests.small_disk import DiskBusy

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
"""The longest that the web server is waited for before anything breaks."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Stage:
    """Web, beat, workers, broker and database; ``kill`` one and it comes back."""

    def __init__(self, var: Path, random: Random) -> None:
        self.var = var
        self.random = random
        self.port = free_port()
        self.kills: dict[str, int] = {}
        self.outages = Outages()
        self._until_web_answers: list[list[float | str]] = []
        self._disks = Disks(var)
        self.faults: dict[str, tuple[str, str]] = {}
        """What a fault is called -> its kind, and the folder whose disk has it."""
        self._to_mend: dict[str, tuple[float, Callable[[], None]]] = {}
        worker = ["celery", "-A", "pipeline", "worker", "--queues", "default", "--concurrency", "1"]
        self._commands = {
            "web": [sys.executable, "-m", "pipeline.serving", "--port", str(self.port)],
            "beat": ["celery", "-A", "pipeline", "beat", "--schedule", str(var / "beat")],
            "default worker": [*worker, "--hostname", "default@chaos"],
            "data worker": [
                "celery",
                "-A",
                "pipeline",
                "worker",
                "--queues",
                "datasets",
                "--concurrency",
                "1",
                "--hostname",
                "data@chaos",
            ],
            "GPU worker a": [sys.executable, "manage.py", "gpu_worker", "--every-queue", "--name", "gpu-a"],
            "GPU worker b": [sys.executable, "manage.py", "gpu_worker", "--every-queue", "--name", "gpu-b"],
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._servers = {"broker": contextlib.ExitStack(), "database": contextlib.ExitStack()}
        self._broker: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def servers(self) -> Iterator[None]:
        embedded.private_folder(embedded.socket_dir(self.var))
        self._start_database()
        self._start_broker()
        try:
            with self._disks.mounted():
                self.faults = {f"{kind} ({name})": (kind, name) for kind, name in self._disks.faults()}
                yield
        finally:
            for server in self._servers.values():
                server.close()

    @contextlib.contextmanager
    def processes(self) -> Iterator[None]:
        try:
            for name in self._commands:
                self._start(name)
            end = time.monotonic() + START_SECONDS
            while not self.web_answers() and time.monotonic() < end:
                time.sleep(0.1)
            yield
        finally:
            for process in self._processes.values():
                process.send_signal(signal.SIGTERM)
            for process in self._processes.values():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(20)
            for process in self._processes.values():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _start(self, name: str) -> None:
        log = self.var / "log" / f"{name.replace(' ', '-')}.log"
        with log.open("ab") as output:
            self._processes[name] = subprocess.Popen(
                self._commands[name], cwd=ROOT, stdout=output, stderr=output, start_new_session=True
            )

    def _start_broker(self) -> None:
        self._broker = self._servers["broker"].enter_context(embedded.valkey(self.var))

    def _start_database(self) -> None:
        self._servers["database"].enter_context(embedded.postgres(self.var))

    def targets(self) -> list[str]:
        """Everything that can be broken, trainers twice."""
        return [*self._commands, "trainer", "trainer", "broker", "database", *self.faults]

    def spoil(self, fault: str, *, seconds: float) -> None:
        """Begin a fault that ``mend`` ends after so many seconds."""
        kind, name = self.faults[fault]
        if any(name == other for other in (self.faults[begun][1] for begun in self._to_mend)):
            return
        span = self.outages.began(kind)
        try:
            mend = self._disks.spoil(kind, name)
        except DiskBusy:
            self.outages.ended(span)
            return
        self._to_mend[fault] = (time.monotonic() + seconds, lambda: (mend(), self.outages.ended(span))[0])
        self.kills[fault] = self.kills.get(fault, 0) + 1

    def mend(self, now: float) -> None:
        """End the faults whose time is over."""
        for fault in [fault for fault, (until, _) in self._to_mend.items() if until <= now]:
            self._to_mend.pop(fault)[1]()

    def kill(self, target: str) -> None:
        """End it without warning (PostgreSQL: restart it), and start it again."""
        if target == "trainer":
            if not (pids := self.trainers()):
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(pids), signal.SIGKILL)
        elif target == "database":
            with self.outages.during(target):
                self._servers["database"].close()
                time.sleep(0.5)
                self._start_database()
        elif target == "broker":
            assert self._broker is not None
            with self.outages.during(target):
                self._broker.kill()
                self._broker.wait()
                self._servers["broker"].close()
                time.sleep(0.5)
                self._start_broker()
        else:
            span = self.outages.began(target)
            self._processes[target].kill()
            self._processes[target].wait()
            with contextlib.suppress(ProcessLookupError):
                if target == "web":  # its children hold the port
                    os.killpg(self._processes[target].pid, signal.SIGKILL)
            self._start(target)
            if target == "web":
                self._until_web_answers.append(span)
            else:
                self.outages.ended(span)
        self.kills[target] = self.kills.get(target, 0) + 1

    def revive(self) -> list[str]:
        """Start again what ended by itself; returns the names. Notes down whether the web server is back."""
        if self._until_web_answers and self.web_answers():
            for span in self._until_web_answers:
                self.outages.ended(span)
            self._until_web_answers.clear()
        ended = [name for name, process in self._processes.items() if process.poll() is not None]
        for name in ended:
            self._start(name)
        return ended

    def web_answers(self) -> bool:
        """Whether it is up."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=0.5) as answer:
                return bool(answer.status == 200)
        except (OSError, HTTPException):
            return False

    def trainers(self) -> list[int]:
        """Process ids of the trainers alive now: those that guard and those that train."""
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                command = (folder / "cmdline").read_bytes() if folder.name.isdigit() else b""
                if b"-m\0trainer" in command and str(self.var).encode() in command:
                    found.append(int(folder.name))
        return sorted(found)
