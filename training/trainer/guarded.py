"""A program beside the training: under guard, the only one in its folder, heard in events."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from . import lineage
from .errors import describe
from .exclusive import exclusive
from .flags import Flags
from .guard import Guard
from .output import emit
from .protocol import EXIT_FAILED, EXIT_FINISHED, EXIT_STOPPED, Event

PROGRAM = str(Path(__file__).resolve().parents[1] / "program.py")


class Work(Protocol):
    """What the job file of such a program says at least."""

    @property
    def folder(self) -> str:
        """Where it keeps what it makes."""

    @property
    def lease_seconds(self) -> float:
        """It ends itself when its standard input brought no byte for so long; 0: never for that."""


Job = TypeVar("Job", bound=Work)


def watch(module: str, job_file: str, read: Callable[[str], Job], *, stopped: Callable[[Job], Event]) -> int:
    """Have ``module`` do the job under guard; returns the exit status.

    Args:
        module: of the programs, by its name in this folder's parent.
        job_file: its path.
        read: makes of the job file's text what it says. Raises ValueError.
        stopped: what to say of the job where it was stopped before it had begun.
    """
    try:
        work = read(Path(job_file).read_text())
        folder = Path(work.folder)
        folder.mkdir(parents=True, exist_ok=True)
        flags = Flags(folder)
        guard = Guard(flags, lease_seconds=work.lease_seconds)
        with exclusive(folder / "lock"):
            flags.clear()
            code = guard.run(PROGRAM, module, job_file)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported to the worker as an event
        emit(describe(error))
        return EXIT_FAILED
    if guard.stopped_early:
        emit(stopped(work))
    if code < 0:
        lineage.die_by(-code)
    return code


def do(folder: Path, work: Callable[[Flags], Event], *, stopped: type[Event]) -> int:
    """Do the work in the guarded process, and say its last event; returns this process's exit status.

    Args:
        folder: of the job file.
        work: told how it is asked to stop; returns what it ended with.
        stopped: the event that says that there is more to do.
    """
    flags = Flags(folder)
    try:
        with exclusive(folder / "lock-0"):
            end = work(flags)
    except Exception as error:  # noqa: BLE001 - as above
        if flags.conclude(EXIT_FAILED):
            emit(describe(error))
        return EXIT_FAILED
    if flags.conclude(EXIT_STOPPED if isinstance(end, stopped) else EXIT_FINISHED):
        emit(end)
    return EXIT_FINISHED
