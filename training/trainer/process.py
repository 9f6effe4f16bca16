"""``python -m trainer.process JOB.json``: the process that trains; where there are several GPUs, one of theirs.

The guard starts one. For several GPUs it becomes torchrun, which starts one like it for each GPU.
"""

import contextlib
import os
import sys
from pathlib import Path

import torch
import transformers

from . import lineage
from .errors import TrainingError, describe
from .exclusive import exclusive
from .flags import Flags
from .loop import Run
from .model import PRECISIONS, choose_precision
from .output import emit
from .parallel import Processes
from .protocol import EXIT_FAILED, EXIT_FINISHED, EXIT_STOPPED, Event, Finished, JobSpec, Started


def main(job_file: str) -> int:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    spec = JobSpec.from_json(Path(job_file).read_text())
    flags = Flags(Path(spec.run_dir))
    try:
        if "RANK" not in os.environ and (count := process_count(spec)) > 1:
            return torchrun(job_file, count, flags)
        # The guard's lock says nothing of a process of an earlier attempt that is slow to die: each has its own.
        with exclusive(Path(spec.run_dir) / f"lock-{os.environ.get('RANK', '0')}"):
            train(spec, flags)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported to the supervisor as an event
        if flags.conclude(EXIT_FAILED):
            emit(describe(error))
        return EXIT_FAILED
    return EXIT_FINISHED  # torchrun takes any other status for a failure; the flags hold the true one


def process_count(spec: JobSpec) -> int:
    """One process a GPU. Raises TrainingError when the host has too few."""
    if device_type(spec) == "cpu":
        return int(os.environ.get("PIPELINE_CPU_PROCESSES", "1"))
    available = torch.cuda.device_count()
    if available < spec.gpu_count:
        raise TrainingError(
            "not_enough_gpus",
            f"The job asks for {spec.gpu_count} GPUs, but this worker has {available}. Choose {available} or fewer, or "
            "start a worker on a host that has as many.",
        )
    return spec.gpu_count


def device_type(spec: JobSpec) -> str:
    if spec.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return spec.device


def torchrun(job_file: str, count: int, flags: Flags) -> int:
    """Be the parent of ``count`` processes until they have ended."""
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    os.environ[lineage.PARENT] = str(os.getpid())
    try:
        run.main(["--standalone", f"--nproc-per-node={count}", "-m", "trainer.process", job_file])
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        if failure.exitcode < 0 and flags.outcome is None:
            lineage.die_by(-failure.exitcode)
        return EXIT_FAILED
    return EXIT_FINISHED


def train(spec: JobSpec, flags: Flags) -> None:
    """This process's part of the run."""
    kind = device_type(spec)
    if kind == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    device = torch.device(kind, torch.cuda.current_device()) if kind == "cuda" else torch.device(kind)
    precision = choose_precision(spec.precision, device)
    processes = Processes(device)

    def say(event: Event) -> None:
        if processes.is_first:
            emit(event)

    say(
        Started(
            device=kind,
            device_name=torch.cuda.get_device_name(device) if kind == "cuda" else cpu_name(),
            processes=processes.count,
            precision=next(name for name, dtype in PRECISIONS.items() if dtype == precision),
            torch=torch.__version__,
        )
    )
    end = Run(spec, processes, precision, emit=say, flags=flags).train()
    if processes.is_first and flags.conclude(EXIT_FINISHED if isinstance(end, Finished) else EXIT_STOPPED):
        emit(end)
    processes.close()


def cpu_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return f"CPU ({line.split(':', 1)[1].strip()})"
    return "CPU"


if __name__ == "__main__":
    lineage.die_with_parent()
    sys.exit(main(sys.argv[1]))
