"""The trainer's processes end together: the kernel kills each when the one that started it is gone.

Ours because Python's standard library has no call for prctl(2).
"""

import ctypes
import os
import resource
import signal

PARENT = "TRAINER_PARENT"
"""Environment variable: the process id of the parent, as the parent knows it."""

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> None:
    """Have the kernel kill this process (PR_SET_PDEATHSIG, prctl(2)) when the one that started it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(os.environ[PARENT]):  # it was gone before the kernel knew
        os.kill(os.getpid(), signal.SIGKILL)


def die_by(number: int) -> None:
    """End as a child did, by the same signal, so that whoever waits for this process sees what happened."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
