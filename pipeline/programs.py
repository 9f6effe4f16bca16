"""A program that a worker starts and follows: in a process group of its own, its output as lines, ended as a whole.

Own code rather than a library: the group is killed before its leader is reaped. Afterwards its number may be another
program's.
"""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO


class Program:
    """Runs from its creation on. Its standard input is a pipe, by whose end it can tell that its starter is gone."""

    def __init__(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, stderr: bool = False
    ) -> None:
        """Start it.

        Args:
            command: program and arguments.
            cwd: the folder that it is started in.
            env: its environment; by default this process's.
            stderr: whether its standard error is read as well, or goes where this process's goes.
        """
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if stderr else None,
            start_new_session=True,
        )
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        streams = [stream for stream in (self._process.stdout, self._process.stderr) if stream is not None]
        self._readers = [threading.Thread(target=self._read, args=(stream,), daemon=True) for stream in streams]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """``None`` while it runs; negative: the signal that ended it."""
        return self._process.returncode

    def next_line(self, timeout: float) -> bytes | None:
        """The next line of its output, or ``None`` when none came in ``timeout`` seconds (see ``is_over``)."""
        with contextlib.suppress(Empty):
            return self._lines.get(timeout=timeout)
        return None

    @property
    def is_over(self) -> bool:
        """The process has ended, and all that it said has been read."""
        if self.returncode is None:
            ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return False
            self.kill()  # a child left behind would hold the pipes open
        return not any(reader.is_alive() for reader in self._readers) and self._lines.empty()

    def write(self, data: bytes) -> None:
        """Send it some bytes; harmless when it has ended."""
        stdin = self._process.stdin
        if stdin and not stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                os.write(stdin.fileno(), data)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM); harmless when it has ended."""
        self._process.terminate()

    def kill(self) -> None:
        """End the whole process group, and reap its leader; harmless when it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._lines.put(line)
