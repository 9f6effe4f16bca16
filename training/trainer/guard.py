"""The guard: a small process that holds the lease of a run and starts the process that does the work.

It loads no PyTorch and shares no interpreter with the training, so it acts at once whatever the training does, even in
native code that never returns. It is ours because a time limit of ``subprocess`` or Celery ends with the process that
holds it, and torchrun's agent does not watch the process that started it.
"""

import os
import select
import signal
import stat
import subprocess
import sys
import time
from types import FrameType
from typing import NoReturn

from . import lineage
from .flags import Flags
from .protocol import EXIT_FAILED, EXIT_STOPPED

STDIN = 0
BEGAN = "TRAINER_BEGAN"
"""Environment variable: Unix time at which the trainer was started."""
DEFAULTS = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "GLOO_SOCKET_IFNAME": "lo",  # a run's processes are all on this host, which may be all the network that they have
}


class Guard:
    """Starts a program (module and job file) and ends with it, or before it when the lease is over.

    From its creation on, SIGTERM asks the program to stop.
    """

    def __init__(self, flags: Flags, *, lease_seconds: float) -> None:
        self.flags = flags
        self.lease_seconds = lease_seconds
        self.began = time.time()
        self._renewed = now()
        self.child: subprocess.Popen[bytes] | None = None
        self.stop_asked = False
        self.stopped_early = False
        """The training was stopped before its first step, and has said nothing of it."""
        signal.signal(signal.SIGTERM, self._on_sigterm)

    def run(self, *program: str) -> int:
        """Run what Python is to run, and return when it has ended: its exit status, or minus the number of the signal
        that ended it."""
        self.child = subprocess.Popen(
            [sys.executable, *program],
            stdin=subprocess.DEVNULL,
            env=DEFAULTS | os.environ | {lineage.PARENT: str(os.getpid()), BEGAN: str(self.began)},
        )
        if self.stop_asked:
            self._stop(self.child)
        self._watch(self.child)
        code = self.child.wait()
        if (outcome := self.flags.outcome) is not None:
            self.stopped_early = False
            return outcome
        return EXIT_STOPPED if self.stopped_early else code or EXIT_FAILED

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        """Return when the child has ended; kill everything when the lease is not renewed, or its giver is gone."""
        ended = os.pidfd_open(child.pid)
        watched = [ended]
        lease = float("inf")
        if stat.S_ISFIFO(os.fstat(STDIN).st_mode):
            watched.append(STDIN)
            lease = self.lease_seconds or lease
        while True:
            left = max(0.0, self._renewed + lease - now())
            ready, _, _ = select.select(watched, [], [], left if left < float("inf") else None)
            if ended in ready:
                break
            # Before reading: a byte that waited here while this machine was suspended renews nothing.
            if now() - self._renewed >= lease:
                kill_everything(child)
            if STDIN in ready:
                if not os.read(STDIN, 4096):
                    kill_everything(child)
                self._renewed = now()
        os.close(ended)

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        self.stop_asked = True
        if self.child is not None:
            self._stop(self.child)

    def _stop(self, child: subprocess.Popen[bytes]) -> None:
        """Let the step in progress be finished; before the first one there is nothing to wait for."""
        self.flags.stop.touch()
        if not self.flags.begun.exists():
            self.stopped_early = True
            child.kill()


def now() -> float:
    """Seconds, those in which the machine was suspended included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def kill_everything(child: subprocess.Popen[bytes]) -> NoReturn:
    """End this process and its child; what the child has started dies with it. Writes nothing: that could block."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    child.kill()
    os._exit(EXIT_FAILED)
