"""The run: load, go on where it was left, train step by step, evaluate, save, stop."""

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch

from . import checkpoint, device_memory
from .adapter import write_adapter
from .base import load_tokenizer, require_positions
from .card import Facts
from .corpus import load_corpus, token_count
from .data import Example
from .deadline import Deadline
from .errors import is_disk_full
from .flags import Flags
from .guard import BEGAN
from .history import History
from .learner import Learner
from .meter import Meter
from .parallel import Processes
from .progress import Progress, configuration
from .protocol import Checkpoint, Evaluation, Event, Finished, JobSpec, Log, Measured, Resumed, Stage, Step, Stopped

ASKED = "asked"
BUDGET = "budget"
WITHOUT_ROOM = "No checkpoint could be written; the run goes on and tries again"
LAST_PATIENCE_SECONDS = 300.0
LAST_DELAY_SECONDS = 2.0


class Run:
    """One run on one process. ``emit`` reports events; ``flags`` are how it is asked to stop."""

    def __init__(
        self,
        spec: JobSpec,
        processes: Processes,
        precision: torch.dtype,
        *,
        emit: Callable[[Event], None],
        flags: Flags,
    ) -> None:
        self.spec = spec
        self.processes = processes
        self.device = processes.device
        self.precision = precision
        self.emit = emit
        self.flags = flags
        self.checkpoints = Path(spec.run_dir) / checkpoint.FOLDER
        self.is_probe = spec.probe_steps is not None
        self.last_step = spec.total_steps if spec.probe_steps is None else min(spec.probe_steps, spec.total_steps)
        self.meter = Meter(float(os.environ[BEGAN]))
        self.deadline = Deadline(spec.deadlines.get(self.device.type))
        self.progress = Progress()
        self.saved: checkpoint.Saved | None = None
        self.tried = 0
        """The step of the last checkpoint that was tried."""
        self.history: History | None = None

    def train(self) -> Finished | Stopped:
        """Run to the last step, or to where it is asked or has to stop; returns the last event, not yet said."""
        self._load_data()
        self.saved = self._find_checkpoint()
        if self.saved is not None:
            self.progress = Progress.read(self.saved.path / "progress.json")
        if self.processes.is_first and not self.is_probe:
            self.history = History(Path(self.spec.run_dir), upto=self.progress.step)
        self.emit(Resumed(step=self.progress.step))
        if reason := self._reason_to_stop():
            return self._stop(reason)
        if self.progress.step < self.last_step or self._evaluation_is_due:
            self._load_model()
        return self._go_on()

    def _go_on(self) -> Finished | Stopped:
        while True:
            reason = self._reason_to_stop()
            if reason is None and self._evaluation_is_due:
                self._evaluate()
            elif self.progress.step == self.last_step and reason != ASKED:
                return self._finish()
            elif reason is not None:
                return self._stop(reason)
            elif self._checkpoint_is_due():
                self._save_if_it_can_be()
            elif examples := self.corpus.step(self.progress.step + 1):
                self._take_step(examples)
            else:
                self.learner.skip_step()
                self.progress.step += 1

    # Loading

    def _load_data(self) -> None:
        self.emit(Stage(stage="preparing_data"))
        self.tokenizer = load_tokenizer(self.spec)
        self.corpus = load_corpus(self.spec, self.tokenizer, self.emit)
        require_positions(self.spec, self.corpus.longest)
        self.configuration = configuration(self.spec, self.corpus.train)

    def _find_checkpoint(self) -> checkpoint.Saved | None:
        """The checkpoint to go on from, the same in all processes. Raises TrainingError."""
        found = None
        if self.processes.is_first and not self.is_probe:
            found = checkpoint.newest(self.checkpoints, lambda damage: self.emit(Log(message=damage)))
            if found is not None:
                checkpoint.require_configuration(found, self.configuration)
            checkpoint.discard_after(self.checkpoints, found.step if found else 0)
        return self.processes.gather(found)[0]

    def _load_model(self) -> None:
        """From its end on, a wish to stop waits for the step in progress."""
        self.emit(Stage(stage="loading_model"))
        pad = self.tokenizer.pad_token_id
        pad = pad if pad is not None else self.tokenizer.eos_token_id
        self.learner = Learner(self.spec, self.processes, self.precision, pad=pad)
        done = self.progress
        if self.saved is not None:
            self.learner.load(self.saved.adapter, self.saved.path / "state.pt")
            self.emit(Log(message=f"Continuing after step {done.step} of {self.spec.total_steps}"))
        self.deadline.expect(
            step_seconds=done.seconds / done.step if done.step else 0.0, saving_bytes=self.learner.state_bytes
        )
        self.saved_at = time.monotonic()
        self.flags.begun.touch()
        self.meter.started()
        self.emit(Stage(stage="training"))

    # Deciding: every process must come to the same answer

    def _reason_to_stop(self) -> str | None:
        asked, is_over = self.processes.total(self.flags.stop.exists(), self.deadline.is_too_near)
        if asked:
            return ASKED
        return BUDGET if is_over else None

    @property
    def _is_epoch_end(self) -> bool:
        step = self.progress.step
        return step > 0 and (step % self.spec.steps_per_epoch == 0 or step == self.spec.total_steps)

    @property
    def _evaluation_is_due(self) -> bool:
        is_new = self.progress.evaluated_step < self.progress.step
        return bool(self.corpus.held_out) and not self.is_probe and self._is_epoch_end and is_new

    @property
    def _is_unsaved(self) -> bool:
        return not self.is_probe and self.progress.step > (self.saved.step if self.saved else 0)

    def _checkpoint_is_due(self) -> bool:
        is_time = time.monotonic() - self.saved_at >= self.spec.checkpoint_seconds
        is_new = self._is_unsaved and self.progress.step > self.tried
        return is_new and (self._is_epoch_end or bool(self.processes.total(is_time)[0]))

    # Doing

    def _take_step(self, examples: list[Example]) -> None:
        done = self.progress
        began = time.monotonic()
        taken = self.learner.take_step(examples, step=done.step + 1)
        seconds = time.monotonic() - began
        tokens = token_count(examples)
        done.step += 1
        done.tokens += tokens
        done.seconds += seconds
        done.first_loss = taken.loss if math.isnan(done.first_loss) else done.first_loss
        done.last_loss = taken.loss
        self.deadline.took_step(seconds)
        longest = max(example.length for example in examples)
        self.meter.took_step(seconds, tokens=tokens, longest=longest, sequences=taken.sequences)
        self._report(
            Step(
                step=done.step,
                epoch=done.step / self.spec.steps_per_epoch,
                loss=taken.loss,
                learning_rate=taken.learning_rate,
                gradient_norm=taken.gradient_norm,
                tokens_per_second=tokens / seconds,
            )
        )

    def _evaluate(self) -> None:
        """Cut short by a reason to stop, it stays due."""
        self.emit(Stage(stage="evaluating"))
        with self.meter.evaluating():
            loss = self.learner.evaluate(self.corpus.held_out, is_over=lambda: self._reason_to_stop() is not None)
        self.emit(Stage(stage="training"))
        if loss is not None:
            step = self.progress.step
            self.progress.evaluation_loss, self.progress.evaluated_step = loss, step
            self._report(Evaluation(step=step, epoch=step / self.spec.steps_per_epoch, loss=loss))

    def _report(self, event: Step | Evaluation) -> None:
        if self.history is not None:
            self.history.add(event)
        self.emit(event)

    def _save(self) -> None:
        """A checkpoint, with an adapter in it that is complete in itself. Raises OSError."""
        saved = checkpoint.at(self.checkpoints, self.progress.step, self.configuration)
        random = self.processes.gather(self.learner.random_state())
        if self.processes.is_first:
            self.emit(Stage(stage="saving"))
            if self.history is not None:
                self.history.keep()
            with self.meter.saving(), checkpoint.writing(saved) as folder:
                write_adapter(folder / "adapter", self.learner.model, self.tokenizer, self._facts())
                self.learner.save(folder / "state.pt", random)
                self.progress.write(folder / "progress.json")
            self.deadline.took_saving(self.meter.last_saving_seconds)
            self.emit(Checkpoint(step=saved.step))
            self.emit(Stage(stage="training"))
        self.saved = saved

    def _save_if_it_can_be(self) -> bool:
        """A checkpoint, or, where there is no room for one, a word about it: the run goes on and tries again later."""
        self.saved_at, self.tried = time.monotonic(), self.progress.step
        before, why = self.saved, ""
        try:
            self._save()
        except Exception as error:  # of several libraries, each with its own
            if not is_disk_full(error):
                raise
            why = f"{WITHOUT_ROOM}: {error}"
        if any(self.processes.gather(why)):
            self.saved = before
            self.emit(Log(message=why))
            self.emit(Stage(stage="training"))
            return False
        return True

    def _save_at_last(self) -> None:
        """Without this checkpoint the run has no result: room is waited for. Raises OSError."""
        end = time.monotonic() + LAST_PATIENCE_SECONDS
        while time.monotonic() < end:
            if self._save_if_it_can_be():
                return
            time.sleep(LAST_DELAY_SECONDS)
        self._save()

    def _facts(self) -> Facts:
        return Facts(
            spec=self.spec,
            counts=self.corpus.counts,
            metadata=self.corpus.metadata,
            longest=self.corpus.longest,
            progress=self.progress,
        )

    # Ending

    def _stop(self, reason: str) -> Stopped:
        if self._is_unsaved:
            self._save_at_last()
        self._measure()
        adapter = str(self.saved.adapter) if self.saved is not None else None
        return Stopped(step=self.progress.step, reason=reason, adapter_dir=adapter)

    def _finish(self) -> Finished:
        if self._is_unsaved:
            self._save_at_last()
        peak = self._measure()
        done = self.progress
        return Finished(
            adapter_dir=str(self.saved.adapter) if self.saved is not None else "",
            steps=done.step,
            seconds=round(done.seconds, 3),
            tokens=done.tokens,
            final_loss=done.last_loss,
            evaluation_loss=done.evaluation_loss,
            peak_memory_bytes=peak,
        )

    def _measure(self) -> int:
        """Say what this attempt took, if it did a step; returns the peak memory of the process that held most."""
        figures = self.processes.gather((*device_memory.peak(self.device), self.meter.most_sequences))
        most: list[int] = [max(column) for column in zip(*figures, strict=True)]
        allocated, reserved, micro_batch = most
        meter = self.meter
        if meter.steps:
            seconds_per_step, tokens_per_second = meter.pace()
            self.emit(
                Measured(
                    tokens_per_second=tokens_per_second,
                    seconds_per_step=seconds_per_step,
                    startup_seconds=meter.startup_seconds,
                    evaluation_seconds=meter.evaluation_seconds,
                    saving_seconds=meter.saving_seconds,
                    peak_memory_bytes=allocated,
                    reserved_memory_bytes=reserved,
                    steps=meter.steps,
                    micro_batch_size=micro_batch,
                    longest_sequence=meter.longest_sequence,
                )
            )
        return allocated
