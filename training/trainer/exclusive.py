"""One trainer at a time in a run's directory, and a journal that shows it.

The lock is ours because ``fcntl.flock`` of the standard library needs nothing but a short wait around it.
"""

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from .errors import TrainingError
from .protocol import JOURNAL, JobSpec

PATIENCE_SECONDS = 5.0
"""How long a process that was killed may take to be gone."""


@contextlib.contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold the lock while the block runs; the kernel lets go of it when the process ends, however it ends.

    Raises TrainingError (``already_running``) when another holds it for longer than PATIENCE_SECONDS.
    """
    with lock.open("ab") as file:
        patience = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > patience:
                    raise TrainingError(
                        "already_running",
                        f"Another trainer is at work on this job: it holds {lock}. Wait until it has ended.",
                    ) from error
                time.sleep(0.1)
        yield


class Journal:
    """One line for each start, end and refusal, in a file that all trainers under one directory append to."""

    def __init__(self, spec: JobSpec) -> None:
        self.path = Path(spec.run_dir).parent / JOURNAL
        self.who = {
            "job": spec.job_id,
            "attempt": spec.attempt,
            "pid": os.getpid(),
            "started": _process_start(),
            "host": socket.gethostname(),
        }

    def write(self, event: str, *, exclusive: bool) -> None:
        """``exclusive``: whether this trainer holds the job's lock."""
        line = json.dumps(self.who | {"event": event, "time": time.time(), "exclusive": exclusive}) + "\n"
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


def _process_start() -> float:
    """Unix time at which this process was started: with the process id it names the process (proc(5))."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    booted = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
    return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
