"""What a trainer has reported so far, as the columns of its job."""

import time
from collections import deque
from decimal import Decimal
from typing import Any

from training.core.estimate import STORAGE_COST
from training.models import JobMetric, TrainingJob
from training.trainer import protocol

LOG_LINES = 200
LOG_LINE_LENGTH = 2000


class Report:
    """Reads the trainer's lines; knows the news since it was last written down."""

    def __init__(self, job: TrainingJob) -> None:
        self.job = job
        self.step = job.current_step
        self.stage = job.current_stage
        self.epoch = float(job.current_epoch)
        self.figures: dict[str, float] = dict(job.current_metrics)
        self.log: deque[str] = deque(job.log_tail.splitlines(), maxlen=LOG_LINES)
        self.metrics: list[JobMetric] = []
        self.device = ""
        self.finished: protocol.Finished | None = None
        self.failed: protocol.Failed | None = None
        self.written_at = self.began_at = time.monotonic()
        self._cost_before = job.current_cost

    def read(self, line: bytes) -> protocol.Event | None:
        """Take in one line; returns the event it holds, if it holds one."""
        text = line.decode(errors="replace").rstrip()
        event = protocol.decode(text)
        match event:
            case None:
                self._say(text)
            case protocol.Started():
                self.device = event.device
                self._say(f"Running on {event.device_name} ({event.precision}, {event.processes} process(es))")
            case protocol.Stage():
                self.stage = event.stage
            case protocol.Data():
                self._say(
                    f"{event.train_pairs} pairs to train on, {event.evaluation_pairs} held out, "
                    f"{event.truncated} conversations truncated"
                )
            case protocol.Step():
                self._take_step(event)
            case protocol.Evaluation():
                self.figures["evaluation_loss"] = event.loss
                self.metrics.append(
                    JobMetric(job=self.job, step=event.step, epoch=event.epoch, evaluation_loss=event.loss)
                )
                self._say(f"Evaluation at step {event.step}: loss {event.loss:.4f}")
            case protocol.Checkpoint():
                self._say(f"Checkpoint at step {event.step}")
            case protocol.Log():
                self._say(event.message)
            case protocol.Finished():
                self.finished = event
            case protocol.Failed():
                self.failed = event
                self._say(event.detail)
            case protocol.Stopped():
                self._say(f"Stopped at step {event.step}")
        return event

    def _take_step(self, event: protocol.Step) -> None:
        self.step, self.epoch = event.step, event.epoch
        measured = {
            "loss": event.loss,
            "learning_rate": event.learning_rate,
            "gradient_norm": event.gradient_norm,
            "tokens_per_second": event.tokens_per_second,
        }
        self.figures |= measured
        self.metrics.append(JobMetric(job=self.job, step=event.step, epoch=event.epoch, **measured))

    def _say(self, text: str) -> None:
        self.log.extend(line[:LOG_LINE_LENGTH].replace("\0", "\N{REPLACEMENT CHARACTER}") for line in text.splitlines())

    def progress(self) -> dict[str, Any]:
        """The job's columns as they now stand."""
        job = self.job
        return {
            "current_stage": self.stage,
            "current_step": self.step,
            "current_epoch": min(int(self.epoch), job.total_epochs),
            "progress": self.step * 100 // job.total_steps,
            "current_metrics": self.figures,
            "current_cost": self.cost(),
            "log_tail": "\n".join(self.log),
        }

    def written(self) -> None:
        """The news has been stored."""
        self.metrics = []
        self.written_at = time.monotonic()

    def cost(self) -> Decimal:
        """US dollars for the time used on the GPUs so far, over all attempts. A CPU is not billed."""
        if self.device != "cuda":
            return self._cost_before
        hours = Decimal(time.monotonic() - self.began_at) / 3600
        return (self._cost_before + self.job.hourly_rate * hours).quantize(Decimal("0.0001"))

    def final_cost(self) -> Decimal:
        """The cost with the storage of what was produced."""
        return self.cost() + (Decimal(str(STORAGE_COST)) if self.device == "cuda" else 0)
