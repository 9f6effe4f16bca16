"""The trainer process and what it says."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

TRAINING_DIR = Path(__file__).resolve().parent


class Trainer:
    """A trainer in a process group of its own, its output as a queue of lines.

    Its standard input is its lease: it lives as long as the pipe is open and ``renew_lease`` is called often enough.
    """

    def __init__(self, job_file: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "trainer", str(job_file)],
            cwd=TRAINING_DIR,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.lines: SimpleQueue[bytes] = SimpleQueue()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self.lines.put(line)

    def next_line(self, timeout: float) -> bytes | None:
        """The next line, or ``None`` when none came in time (see ``is_over``)."""
        with contextlib.suppress(Empty):
            return self.lines.get(timeout=timeout)
        return None

    @property
    def is_over(self) -> bool:
        """The process has ended and all it said has been read."""
        if self.process.poll() is None:
            return False
        self._kill_group()  # a child left behind would hold the pipes open
        return not any(reader.is_alive() for reader in self._readers) and self.lines.empty()

    def renew_lease(self) -> None:
        """Let it live on; harmless when it has ended."""
        if self.process.stdin and not self.process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                os.write(self.process.stdin.fileno(), b".")

    def stop(self) -> None:
        """Ask it to finish its step, save a checkpoint and end."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole process group; harmless when it has ended."""
        self._kill_group()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def explain(returncode: int) -> tuple[str, str]:
    """Code and message for a trainer that ended without saying why."""
    if returncode == -signal.SIGKILL:
        return "killed", (
            "The trainer was killed by the operating system, most likely because the machine ran out of memory. "
            "Choose a smaller batch size or a larger GPU, and start again."
        )
    if returncode < 0:
        name = signal.Signals(-returncode).name
        return "crashed", f"The trainer crashed ({name}). The end of its log is below."
    return "crashed", f"The trainer stopped unexpectedly with exit code {returncode}. The end of its log is below."
