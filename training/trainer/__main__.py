"""``python -m trainer JOB.json``: launch a run, on one process or on several.

Several processes are started by torchrun; the launcher stays their parent, passes on the wish to stop, and ends
them all when its own parent is gone.
"""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import torch
import transformers

from .errors import TrainingError, describe
from .loop import Run
from .parallel import Processes
from .protocol import EXIT_FAILED, EXIT_FINISHED, EXIT_STOPPED, Event, Failed, JobSpec, Started, encode

STOP_FILE = "stop"


def main(job_file: str) -> int:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        spec = JobSpec.from_json(Path(job_file).read_text())
        if "RANK" in os.environ:
            return run(spec)
        _end_with_parent()
        stop_file = Path(spec.run_dir) / STOP_FILE
        stop_file.parent.mkdir(parents=True, exist_ok=True)
        stop_file.unlink(missing_ok=True)
        signal.signal(signal.SIGTERM, lambda *_: stop_file.touch())
        count = process_count(spec)
        if count == 1:
            return run(spec)
        command = [
            "torch.distributed.run",
            "--standalone",
            f"--nproc-per-node={count}",
            "-m",
            "trainer",
            job_file,
        ]
        subprocess.run([sys.executable, "-m", *command], stdin=subprocess.DEVNULL, check=True)
        return EXIT_STOPPED if stop_file.exists() else EXIT_FINISHED
    except subprocess.CalledProcessError:
        return EXIT_FAILED  # the process that failed has said why
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported to the supervisor as an event
        emit(describe(error))
        return EXIT_FAILED


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


def run(spec: JobSpec) -> int:
    """This process's part of the run."""
    kind = device_type(spec)
    if kind == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    device = torch.device(kind, torch.cuda.current_device()) if kind == "cuda" else torch.device(kind)
    precision = torch.bfloat16 if kind == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
    processes = Processes(device)
    stop_file = Path(spec.run_dir) / STOP_FILE

    def emit_from_first(event: Event) -> None:
        if processes.is_first or isinstance(event, Failed):
            emit(event)

    emit_from_first(
        Started(
            device=kind,
            device_name=torch.cuda.get_device_name(device) if kind == "cuda" else cpu_name(),
            processes=processes.count,
            precision="bf16" if precision == torch.bfloat16 else "fp32",
            torch=torch.__version__,
        )
    )
    try:
        done = Run(spec, processes, precision, emit=emit_from_first, should_stop=stop_file.exists).train()
    except Exception as error:  # noqa: BLE001 - as in main
        emit_from_first(describe(error))
        return EXIT_FAILED
    processes.close()
    if done or processes.count > 1:  # torchrun takes any other code for a failure
        return EXIT_FINISHED
    return EXIT_STOPPED


def emit(event: Event) -> None:
    sys.stdout.write(encode(event) + "\n")
    sys.stdout.flush()


def cpu_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return f"CPU ({line.split(':', 1)[1].strip()})"
    return "CPU"


def _end_with_parent() -> None:
    """When our standard input, a pipe from the supervisor, closes, the supervisor is dead: end the whole group."""
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return

    def watch() -> None:
        while os.read(0, 1024):
            pass
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(EXIT_FAILED)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("usage: python -m trainer JOB.json", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
