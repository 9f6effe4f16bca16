"""``python -m trainer JOB.json``: train what the job file says, watched over by a guard."""

import sys
from pathlib import Path

from . import checkpoint, lineage
from .errors import TrainingError, describe
from .exclusive import Journal, exclusive
from .flags import Flags
from .guard import Guard
from .output import emit
from .protocol import EXIT_FAILED, JobSpec, Log, Stopped


def main(job_file: str) -> int:
    """Run the job under guard; returns the exit status. A training that a signal ended ends this process by it too."""
    try:
        spec = JobSpec.from_json(Path(job_file).read_text())
        run_dir = Path(spec.run_dir)
        run_dir.mkdir(parents=True, exist_ok=True)
        flags = Flags(run_dir)
        guard = Guard(flags, lease_seconds=spec.lease_seconds)
        code = guarded(guard, job_file, spec, run_dir)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported to the worker as an event
        emit(describe(error))
        return EXIT_FAILED
    if guard.stopped_early:
        emit(stopped_early(run_dir))
    if code < 0:
        lineage.die_by(-code)
    return code


def guarded(guard: Guard, job_file: str, spec: JobSpec, run_dir: Path) -> int:
    """Run under the job's lock, on record in the journal. Raises TrainingError when another trainer holds the lock."""
    journal = Journal(spec)
    try:
        with exclusive(run_dir / "lock"):
            journal.write("start", exclusive=True)
            guard.flags.clear()
            code = guard.run("-m", "trainer.launch", job_file)
            try:
                journal.write("end", exclusive=True)
            except OSError as error:  # a full disk: the run has ended all the same
                emit(Log(message=f"The end of this run is not in the journal: {error}"))
    except TrainingError:
        journal.write("refused", exclusive=False)
        raise
    return code


def stopped_early(run_dir: Path) -> Stopped:
    """What to say of a training that was stopped before its first step: where earlier attempts got to."""
    saved = checkpoint.newest(run_dir / checkpoint.FOLDER)
    if saved is None:
        return Stopped(step=0, reason="asked", adapter_dir=None)
    return Stopped(step=saved.step, reason="asked", adapter_dir=str(saved.adapter))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else "usage: python -m trainer JOB.json")
