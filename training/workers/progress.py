"""What a trainer has reported so far, as the columns of its job."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.utils import timezone

from training.models import JobLog, JobMetric, TrainingJob
from training.trainer import protocol

PACE_STEPS = 20
"""The time left is reckoned from the pace of the last so many steps."""


class Report:
    """Reads the trainer's lines; knows the news since it was last written down."""

    def __init__(self, job: TrainingJob) -> None:
        self.job = job
        self.step = job.current_step
        self.steps_made = 0
        self.stage = job.current_stage
        self.checkpoint_step = job.checkpoint_step
        self.figures: dict[str, float] = dict(job.current_metrics)
        self.log: deque[str] = deque(maxlen=JobLog.KEPT_LINES)
        self.metrics: list[JobMetric] = []
        self.rewind_to: int | None = None
        self.data: dict[str, Any] = dict(job.data)
        self.started: protocol.Started | None = None
        self.measured: protocol.Measured | None = None
        self.ending: protocol.Finished | protocol.Stopped | protocol.Failed | None = None
        self._steps_at: deque[float] = deque(maxlen=PACE_STEPS + 1)
        if job.attempt > 1:
            self._say([f"— attempt {job.attempt}, on {job.worker} —"])

    def read(self, line: bytes) -> protocol.Event | None:
        """Take in one line; returns the event it holds, if it holds one."""
        text = line.decode(errors="replace").rstrip()
        event = protocol.decode(text)
        match event:
            case None:
                self._say(text.splitlines())
            case protocol.Started():
                self.started = event
            case protocol.Data():
                self.data = asdict(event)
            case protocol.Stage():
                self.stage = event.stage
            case protocol.Resumed():
                self.step = self.rewind_to = event.step
                self.checkpoint_step = event.step or None
            case protocol.Step():
                self._take_step(event)
            case protocol.Evaluation():
                self.learn(event)
            case protocol.Checkpoint():
                self.checkpoint_step = event.step
            case protocol.Measured():
                self.measured = event
            case protocol.Finished() | protocol.Stopped() | protocol.Failed():
                self.ending = event
        if event is not None:
            self._say(_in_words(event))
        return event

    def _take_step(self, event: protocol.Step) -> None:
        self.step = event.step
        self.steps_made += 1
        self._steps_at.append(time.monotonic())
        self.learn(event)

    def learn(self, event: protocol.Step | protocol.Evaluation) -> None:
        """Take in what was measured at a step, just now or before this attempt."""
        row = JobMetric(job=self.job, step=event.step, epoch=event.epoch)
        if isinstance(event, protocol.Evaluation):
            row.evaluation_loss = self.figures["evaluation_loss"] = event.loss
        else:
            for name in ("loss", "learning_rate", "gradient_norm", "tokens_per_second"):
                self.figures[name] = getattr(event, name)
                setattr(row, name, self.figures[name])
        self.metrics.append(row)

    def _say(self, lines: Iterable[str]) -> None:
        self.log.extend(line[: JobLog.LONGEST_LINE].replace("\0", "\N{REPLACEMENT CHARACTER}") for line in lines)

    def news(self) -> dict[str, Any]:
        """What ``lifecycle.record`` writes: the job's columns as they now stand, metrics and log not yet written."""
        return {
            "metrics": self.metrics,
            "log": list(self.log),
            "rewind_to": self.rewind_to,
            "current_stage": self.stage,
            **self.job.progress_after(self.step),
            "current_metrics": self.figures,
            "data": self.data,
            "checkpoint_step": self.checkpoint_step,
            "expected_finish_at": self.expected_finish_at(),
        }

    def written(self) -> None:
        """The news has been stored."""
        self.metrics = []
        self.log.clear()
        self.rewind_to = None

    def expected_finish_at(self) -> Any:
        """When the last step will be done at the pace of the last ones, or ``None`` before there is a pace."""
        if len(self._steps_at) < 2:
            return None
        pace = (self._steps_at[-1] - self._steps_at[0]) / (len(self._steps_at) - 1)
        return timezone.now() + timedelta(seconds=pace * (self.job.total_steps - self.step))


def _in_words(event: protocol.Event) -> list[str]:
    """The lines of the log that an event is worth."""
    match event:
        case protocol.Started():
            return [f"Running on {event.device_name} ({event.precision}, {event.processes} process(es))"]
        case protocol.Data():
            return [
                event.in_words,
                f"{event.train_pairs:,} pairs to train on, {event.evaluation_pairs:,} held out",
            ]
        case protocol.Resumed() if event.step:
            return [f"Continuing after step {event.step}"]
        case protocol.Evaluation():
            return [f"Evaluation at step {event.step}: loss {event.loss:.4f}"]
        case protocol.Checkpoint():
            return [f"Checkpoint at step {event.step}"]
        case protocol.Log():
            return [event.message]
        case protocol.Failed():
            return event.detail.splitlines()
        case protocol.Stopped():
            return [f"Stopped at step {event.step}"]
    return []
