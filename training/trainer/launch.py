"""``python -m trainer.launch JOB.json``: train in this process, or be torchrun and have one process a GPU do it.

It loads what it needs to count the GPUs, so that torchrun's processes do not wait for more.
"""

import os
import runpy
import signal
import sys
from pathlib import Path

from torch.distributed import run
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

from . import lineage
from .devices import process_count
from .errors import TrainingError, describe
from .flags import Flags
from .output import emit
from .protocol import EXIT_FAILED, EXIT_FINISHED, JobSpec

PROGRAM = "trainer.process"


def main(job_file: str) -> int:
    """Train on as many processes as the job asks for; returns the exit status of this one, the flags hold the run's."""
    spec = JobSpec.from_json(Path(job_file).read_text())
    flags = Flags(Path(spec.run_dir))
    try:
        count = process_count(spec)
    except TrainingError as error:
        if flags.conclude(EXIT_FAILED):
            emit(describe(error))
        return EXIT_FAILED
    if count > 1:
        return torchrun(job_file, count, flags)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # sent to all of a service's processes, it is the guard's to answer
    runpy.run_module(PROGRAM, run_name="__main__", alter_sys=True)
    return EXIT_FINISHED


def torchrun(job_file: str, count: int, flags: Flags) -> int:
    """Be the parent of ``count`` processes until they have ended."""
    os.environ[lineage.PARENT] = str(os.getpid())
    try:
        run.main(["--standalone", "--local-addr=127.0.0.1", f"--nproc-per-node={count}", "-m", PROGRAM, job_file])
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        if failure.exitcode < 0 and flags.outcome is None:
            lineage.die_by(-failure.exitcode)
        return EXIT_FAILED
    return EXIT_FINISHED


if __name__ == "__main__":
    lineage.die_with_parent()
    sys.exit(main(sys.argv[1]))
