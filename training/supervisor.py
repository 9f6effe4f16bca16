"""See one claimed job through: start the trainer, write down what it reports, stop it when it must stop.

The trainer is a process of its own (``training/trainer``), in a session of its own, started from a folder whose
path does not hold the project root. It speaks JSON lines on its standard output; anything else it prints is log.
It holds our pipe as its standard input and ends itself when that closes, so it does not outlive us.
"""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

from celery import signals
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from training import adapters, lifecycle
from training.models import TrainingJob
from training.report import Report
from training.trainer import protocol

logger = logging.getLogger(__name__)

TRAINING_DIR = Path(__file__).resolve().parent
HEARTBEAT_SECONDS = 1.0
DATABASE_PATIENCE_SECONDS = 45.0
"""Shorter than the silence after which the sweep gives the job to another worker."""

shutting_down = threading.Event()


@signals.worker_shutting_down.connect
def _stop_trainers(**_: object) -> None:
    shutting_down.set()


class ClaimLost(Exception):
    """Another attempt has taken the job over; nothing more may be written."""


def supervise(job: TrainingJob) -> None:
    """Run a claimed job to its end: completed, failed, cancelled, or back in the queue."""
    try:
        run_dir = prepare(job)
        trainer = Trainer(run_dir / "job.json")
        try:
            outcome = follow(job, trainer)
        finally:
            trainer.kill()
        conclude(job, trainer, outcome, run_dir)
    except ClaimLost:
        logger.warning("job %s: attempt %d lost its claim and walks away", job.pk, job.attempt)
    except OSError as error:
        logger.exception("job %s: the worker could not run it", job.pk)
        lifecycle.fail(job, code="worker_error", message=f"The worker could not run the job: {error}.")
    except Exception:
        lifecycle.fail(
            job,
            code="internal",
            message="An unexpected error stopped the job. The worker's log has the details.",
        )
        raise


def prepare(job: TrainingJob) -> Path:
    """The job's run directory, with a copy of its data and the trainer's job file."""
    run_dir = settings.RUNS_DIR / str(job.pk)
    run_dir.mkdir(parents=True, exist_ok=True)
    data = run_dir / "dataset.jsonl"
    with job.dataset.file.open("rb") as source, data.open("wb") as target:
        shutil.copyfileobj(source, target)
    spec = protocol.JobSpec(
        job_id=str(job.pk),
        attempt=job.attempt,
        model=model_location(job.base_model.source),
        model_name=job.base_model.name,
        model_license=job.base_model.license,
        dataset_path=str(data),
        dataset_name=job.dataset.name,
        dataset_format=job.dataset.format,
        run_dir=str(run_dir),
        gpu_count=job.gpu_config["count"],
        device=settings.TRAINER_DEVICE,
        total_steps=job.total_steps,
        steps_per_epoch=job.total_steps // job.total_epochs,
        preset=job.preset_id,
        evaluation_share=settings.EVALUATION_SHARE,
        max_sequence_length=settings.MAX_SEQUENCE_LENGTH,
        **asdict(job.settings),
    )
    (run_dir / "job.json").write_text(spec.to_json())
    return run_dir


def model_location(source: str) -> str:
    """A folder of the models directory as its absolute path; anything else (a path, a hub id) as it is."""
    bundled = settings.MODELS_DIR / source
    return str(bundled) if bundled.is_dir() else source


class Trainer:
    """The trainer process, its output as a queue of lines."""

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
        self.lines: SimpleQueue[bytes | None] = SimpleQueue()
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
        self.lines.put(None)

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


def follow(job: TrainingJob, trainer: Trainer) -> Report:
    """Turn what the trainer says into rows until it ends. Raises ClaimLost."""
    report = Report(job)
    next_beat = time.monotonic()
    stop_by: float | None = None
    while not trainer.is_over:
        line = trainer.next_line(timeout=max(0.05, next_beat - time.monotonic()))
        if line is not None:
            event = report.read(line)
            if isinstance(event, protocol.Started):
                _require(lifecycle.start_running(job, device=event.device, device_name=event.device_name))
        now = time.monotonic()
        if now < next_beat:
            continue
        next_beat = now + HEARTBEAT_SECONDS
        is_unwanted = beat(job, report)
        if stop_by is None and (is_unwanted or shutting_down.is_set()):
            trainer.stop()
            stop_by = now + settings.STOP_GRACE_SECONDS
        elif stop_by is not None and now > stop_by:
            logger.warning("job %s: the trainer did not stop in time and is killed", job.pk)
            trainer.kill()
    beat(job, report)
    return report


def beat(job: TrainingJob, report: Report) -> bool:
    """Write the heartbeat with all news; returns whether someone asked to cancel the job.

    A database that is away is waited for: the news is kept. Raises ClaimLost.
    """
    try:
        _require(lifecycle.record(job, metrics=report.metrics, **report.progress()))
        is_cancelled = lifecycle.cancel_requested(job)
    except (OperationalError, InterfaceError):
        close_old_connections()
        if time.monotonic() - report.written_at > DATABASE_PATIENCE_SECONDS:
            raise ClaimLost from None
        logger.warning("job %s: the database does not answer; trying again", job.pk)
        return False
    report.written()
    return is_cancelled


def conclude(job: TrainingJob, trainer: Trainer, report: Report, run_dir: Path) -> None:
    """Bring the job to the status that the trainer's end calls for."""
    code = trainer.process.returncode
    if report.finished is not None:
        _require(lifecycle.record(job, metrics=[], current_stage="storing"))
        adapters.store(job, Path(report.finished.adapter_dir))
        reason = f"{report.finished.steps} steps in {report.finished.seconds:,.0f} s"
        _require(lifecycle.complete(job, reason=reason, current_cost=report.final_cost()))
        shutil.rmtree(run_dir, ignore_errors=True)
    elif report.failed is not None:
        _require(lifecycle.fail(job, code=report.failed.code, message=report.failed.message))
    elif lifecycle.cancel_requested(job):
        _require(lifecycle.cancelled(job, reason=f"Stopped at step {report.step} as requested"))
    elif shutting_down.is_set():
        _require(lifecycle.release(job, actor=job.worker, reason="The worker is shutting down"))
    else:
        failure_code, message = explain(code)
        _require(lifecycle.fail(job, code=failure_code, message=message))


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
    return (
        "crashed",
        f"The trainer stopped unexpectedly with exit code {returncode}. The end of its log is below.",
    )


def _require(mine: bool) -> None:
    if not mine:
        raise ClaimLost
