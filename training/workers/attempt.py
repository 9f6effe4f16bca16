"""See one attempt at a job through: start its trainer, keep the claim alive with heartbeats, bring it to its end."""

import logging
import math
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

from celery import signals
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.db.models import Max

from pipeline.outages import outage
from training.core.lease import lease_seconds
from training.estimates import measurements
from training.estimates.memory_advice import what_would_fit
from training.jobs import lifecycle, recovery
from training.jobs.notices import BUDGET_REACHED
from training.models import Artifact, TrainingJob
from training.trainer import history, protocol
from training.workers import artifacts, data, job_files
from training.workers.bill import Bill
from training.workers.progress import Report
from training.workers.trainer_process import Trainer, explain

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
STORAGE_PATIENCE_SECONDS = 300.0
"""How long an adapter waits for storage to take it."""
DATABASE_AWAY = (OperationalError, InterfaceError)
Result = TypeVar("Result")

shutting_down = threading.Event()


@signals.worker_shutting_down.connect
def _stop_trainers(**_: object) -> None:
    shutting_down.set()


class ClaimLost(Exception):
    """Another attempt has taken the job over, or may have by now; nothing more may be written."""


def supervise(job: TrainingJob) -> None:
    """Run a claimed job to its end: completed, failed, cancelled, or back in the queue."""
    attempt = Attempt(job)
    try:
        try:
            attempt.run()
        except data.DataUnusable as error:
            attempt.end_badly(error.code, str(error))
        except OSError as error:
            logger.exception("job %s: the worker could not run it", job.pk)
            attempt.end_badly("worker_error", f"The worker could not run the job: {error}.")
        except (ClaimLost, *DATABASE_AWAY):
            raise
        except Exception:
            attempt.end_badly("internal", "An unexpected error stopped the job. The worker's log has the details.")
            raise
    except ClaimLost:
        logger.warning("job %s: attempt %d lost its claim and walks away", job.pk, job.attempt)


class Attempt:
    """One attempt at a job by this worker."""

    def __init__(self, job: TrainingJob) -> None:
        self.job = job
        self.report = Report(job)
        self.bill = Bill(job)
        self.run_dir = job_files.run_dir(job)
        self.lease_seconds = lease_seconds(settings.WORKER_SILENCE_SECONDS)
        self.trainer: Trainer | None = None
        self.is_unwanted = False
        self._heard_at = time.monotonic()
        self._beat_at = 0.0

    def run(self) -> None:
        """From preparation to the end. Raises ClaimLost."""
        is_wanted = partial(_is_wanted, self.job)
        job_file = self._meanwhile(partial(job_files.write, self.job, self.bill.deadlines(), is_wanted=is_wanted))
        if job_file is None:
            self._beat(at_once=True)
        if job_file is None or self.is_unwanted or shutting_down.is_set():
            self._conclude(None)
            return
        self.trainer = Trainer(job_file)
        try:
            self._follow(self.trainer)
        finally:
            self.trainer.kill()
            self.bill.stop()
        self._conclude(self.trainer.returncode)

    def end_badly(self, code: str, message: str) -> None:
        """Another try, or failure. Raises ClaimLost."""
        steps, cost = self.report.steps_made, self.bill.cost()
        write = partial(recovery.end_badly, self.job, code=code, message=message, steps_made=steps, current_cost=cost)
        self._insist(write)

    def _follow(self, trainer: Trainer) -> None:
        """Turn what the trainer says into rows until it ends."""
        stop_by: float | None = None
        while not trainer.is_over:
            line = trainer.next_line(timeout=max(0.05, self._beat_at - time.monotonic()))
            if line is not None:
                event = self.report.read(line)
                match event:
                    case protocol.Started():
                        self.bill.device = event.device
                        names = {"device": event.device, "device_name": event.device_name}
                        self._insist(partial(lifecycle.start_running, self.job, **names))
                    case protocol.Resumed():
                        self._insist(partial(self._catch_up, event.step))
                    case protocol.Finished() | protocol.Stopped() | protocol.Failed():
                        self.bill.stop()
            self._beat()
            now = time.monotonic()
            if stop_by is None and (self.is_unwanted or shutting_down.is_set()):
                trainer.terminate()
                stop_by = now + settings.STOP_GRACE_SECONDS
            elif stop_by is not None and now > stop_by:
                logger.warning("job %s: the trainer did not stop in time and is killed", self.job.pk)
                trainer.kill()
                stop_by = math.inf
        self._beat(at_once=True)

    def _catch_up(self, step: int) -> bool:
        """Learn of the steps up to a checkpoint that an earlier worker, frozen or cut off, never wrote down."""
        known = self.job.metrics.aggregate(last=Max("step"))["last"] or 0
        for event in history.read(self.run_dir, after=known, upto=step):
            self.report.learn(event)
        return True

    def _beat(self, *, at_once: bool = False) -> None:
        """Once a second: write the heartbeat with all news, renew the trainer's lease, hear whether to cancel.

        A database that is away is waited for, within the lease: the news is kept.
        """
        now = time.monotonic()
        if now < self._beat_at and not at_once:
            return
        self._beat_at = now + HEARTBEAT_SECONDS
        try:
            if not lifecycle.record(self.job, **self.report.news(), current_cost=self.bill.cost()):
                raise ClaimLost
            self.is_unwanted = lifecycle.cancel_requested(self.job)
        except DATABASE_AWAY:
            self._bear_with_database()
            return
        self.report.written()
        self._heard_at = now
        if self.trainer and time.monotonic() - now < self.lease_seconds / 3:  # else the answer is too old to lean on
            self.trainer.renew_lease()

    def _insist(self, write: Callable[[], bool]) -> None:
        """Make a move of the lifecycle, waiting for a database that is away. Raises ClaimLost."""
        while True:
            try:
                if write():
                    return
                raise ClaimLost
            except DATABASE_AWAY:
                self._bear_with_database()
                time.sleep(HEARTBEAT_SECONDS)

    def _bear_with_database(self) -> None:
        """Raises ClaimLost once another worker may soon take the job."""
        close_old_connections()
        if time.monotonic() - self._heard_at > self.lease_seconds:
            raise ClaimLost from None
        logger.warning("job %s: the database does not answer; trying again", self.job.pk)

    def _meanwhile(self, work: Callable[[], Result]) -> Result:
        """Do slow work without falling silent."""
        with ThreadPoolExecutor(1) as executor:
            future = executor.submit(_in_thread, work)
            while not future.done():
                self._beat()
                wait([future], timeout=HEARTBEAT_SECONDS / 4)
            return future.result()

    def _conclude(self, returncode: int | None) -> None:
        """Bring the job to the status that the trainer's end calls for; ``None``: it was never started."""
        ending = self.report.ending
        match ending:
            case protocol.Finished():
                self._complete(ending)
            case protocol.Stopped(reason="budget"):
                message = (
                    f"The budget of ${self.job.max_cost} is spent: stopped at step {ending.step:,} of "
                    f"{self.job.total_steps:,}, with a checkpoint. Retry the job with a higher one to go on."
                )
                self._cancelled(message, error_code=BUDGET_REACHED, error_message=message)
            case _ if self.is_unwanted:
                self._cancelled(f"Stopped at step {self.report.step:,} as requested")
            case protocol.Failed(code="out_of_memory"):
                advice = what_would_fit(self.job)
                self.end_badly(ending.code, f"{ending.message} {advice}".rstrip())
            case protocol.Failed():
                self.end_badly(ending.code, ending.message)
            case _ if shutting_down.is_set():
                reason = "The worker is shutting down"
                self._insist(partial(lifecycle.release, self.job, actor=self.job.worker, reason=reason))
            case _:
                self.end_badly(*explain(returncode or 0))

    def _complete(self, ending: protocol.Finished) -> None:
        artifact = self._stored(ending.adapter_dir, Artifact.Kind.ADAPTER) if ending.adapter_dir else None
        reason = f"{ending.steps:,} steps in {ending.seconds:,.0f} s of training"
        cost = self.bill.cost_with_storage() if artifact else self.bill.cost()
        self._keep_measurement(cost)
        self._insist(partial(lifecycle.complete, self.job, reason=reason, artifact=artifact, current_cost=cost))
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def _keep_measurement(self, cost: Decimal) -> None:
        """Record what the run measured. Raises ClaimLost; whatever else goes wrong with it, the run is done."""
        measured = self.report.measured
        if measured is None:
            return
        write = partial(measurements.record, self.job, measured, cost=cost)
        try:
            self._insist(partial(lifecycle.while_held, self.job, write))
        except (ClaimLost, *DATABASE_AWAY):
            raise
        except Exception:
            logger.exception("job %s: what it measured could not be recorded", self.job.pk)

    def _cancelled(self, reason: str, **changes: str) -> None:
        ending = self.report.ending
        artifact, cost = None, self.bill.cost()
        if isinstance(ending, protocol.Stopped) and ending.adapter_dir:
            artifact = self._stored(ending.adapter_dir, Artifact.Kind.PARTIAL)
            cost = self.bill.cost_with_storage()
        write = partial(lifecycle.cancelled, self.job, reason=reason, artifact=artifact, current_cost=cost, **changes)
        self._insist(write)

    def _stored(self, directory: str, kind: Artifact.Kind) -> Artifact:
        self.report.stage = "storing"
        store = partial(artifacts.store, self.job, Path(directory), kind)
        return self._meanwhile(partial(_patiently, store, is_wanted=lambda: not shutting_down.is_set()))


def _patiently(store: Callable[[], Result], *, is_wanted: Callable[[], bool]) -> Result:
    """Storage that is full or cannot be written to is tried again: what was trained is not to be lost to it.

    Raises OSError.
    """
    end = time.monotonic() + STORAGE_PATIENCE_SECONDS
    while True:
        try:
            return store()
        except OSError as error:
            if outage(error) is None or time.monotonic() > end or not is_wanted():
                raise
            logger.warning("storage: %s; trying again", error)
            time.sleep(HEARTBEAT_SECONDS)


def _in_thread(work: Callable[[], Result]) -> Result:
    try:
        return work()
    finally:
        connections.close_all()  # a thread has connections of its own


def _is_wanted(job: TrainingJob) -> bool:
    return not shutting_down.is_set() and not lifecycle.cancel_requested(job)
