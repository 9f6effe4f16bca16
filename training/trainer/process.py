"""``python -m trainer.process JOB.json``: a process that trains, the only one or, under torchrun, one of several."""

import os
import sys
from pathlib import Path

import torch

from . import lineage
from .devices import choose_precision, device_name, device_type, precision_name
from .errors import describe
from .exclusive import exclusive
from .flags import Flags
from .loop import Run
from .output import emit
from .parallel import Processes
from .protocol import EXIT_FAILED, EXIT_FINISHED, EXIT_STOPPED, Event, Finished, JobSpec, Started
from .quiet import quieten


def main(job_file: str) -> int:
    """Train under this process's own lock; returns its exit status."""
    quieten()
    spec = JobSpec.from_json(Path(job_file).read_text())
    flags = Flags(Path(spec.run_dir))
    try:
        # The guard's lock says nothing of a process of an earlier attempt that is slow to die: each has its own.
        with exclusive(Path(spec.run_dir) / f"lock-{os.environ.get('RANK', '0')}"):
            train(spec, flags)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported to the worker as an event
        if flags.conclude(EXIT_FAILED):
            emit(describe(error))
        return EXIT_FAILED
    return EXIT_FINISHED  # torchrun takes any other status for a failure; the flags hold the true one


def train(spec: JobSpec, flags: Flags) -> None:
    """This process's part of the run."""
    device = _device(spec)
    precision = choose_precision(spec.precision, device)
    processes = Processes(device)

    def say(event: Event) -> None:
        if processes.is_first:
            emit(event)

    say(
        Started(
            device=device.type,
            device_name=device_name(spec, device),
            processes=processes.count,
            precision=precision_name(precision),
            torch=torch.__version__,
        )
    )
    end = Run(spec, processes, precision, emit=say, flags=flags).train()
    if processes.is_first and flags.conclude(EXIT_FINISHED if isinstance(end, Finished) else EXIT_STOPPED):
        emit(end)
    processes.close()


def _device(spec: JobSpec) -> torch.device:
    """This process's own: under torchrun, the GPU of its place on the host."""
    if device_type(spec) == "cpu":
        return torch.device("cpu")
    torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cuda", torch.cuda.current_device())


if __name__ == "__main__":
    lineage.die_with_parent()
    sys.exit(main(sys.argv[1]))
