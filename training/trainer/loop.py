"""The training run: load, train step by step, evaluate, save, resume."""

import math
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from . import checkpoint
from .adapter import write_adapter
from .data import IGNORED, Example, collate, read_examples
from .errors import TrainingError
from .model import load_model, load_tokenizer, trainable
from .parallel import Processes
from .plan import plan_steps, split
from .protocol import Checkpoint, Data, Evaluation, Event, Finished, JobSpec, Log, Stage, Step, Stopped

MAX_GRADIENT_NORM = 1.0
TOKENS_AT_ONCE = {"cpu": 2048, "cuda": 16384}
"""Padded tokens in one forward pass; a larger step is added up from several."""


class Run:
    """One run on one process. ``emit`` reports events; ``should_stop`` is asked after each step."""

    def __init__(
        self,
        spec: JobSpec,
        processes: Processes,
        precision: torch.dtype,
        *,
        emit: Callable[[Event], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self.spec = spec
        self.processes = processes
        self.device = processes.device
        self.precision = precision
        self.emit = emit
        self.should_stop = should_stop
        self.checkpoints = Path(spec.run_dir) / "checkpoints"
        self.step = 0
        self.tokens = 0
        self.seconds = 0.0
        self.first_loss: float | None = None
        self.last_loss = math.nan
        self.evaluation_loss: float | None = None

    def train(self) -> bool:
        """Run to the last step and write the adapter; ``False`` when asked to stop before."""
        self.emit(Stage(stage="preparing_data"))
        self.tokenizer = load_tokenizer(self.spec)
        examples, held_out = self._load_data()
        plan = plan_steps(
            lengths=[len(example.ids) for example in examples],
            pairs=[example.pairs for example in examples],
            batch_size=self.spec.batch_size,
            total_steps=self.spec.total_steps,
            seed=self.spec.seed,
        )
        self.emit(Stage(stage="loading_model"))
        self._load_model()
        self._resume()
        self.emit(Stage(stage="training"))
        while self.step < self.spec.total_steps:
            self._train_step([examples[index] for index in plan[self.step]])
            is_epoch_end = self.step % self.spec.steps_per_epoch == 0 or self.step == self.spec.total_steps
            if is_epoch_end and held_out:
                self._evaluate(held_out)
            stop = self._agreed_to_stop() and self.step < self.spec.total_steps
            if is_epoch_end or stop:
                self._save_checkpoint()
            if stop:
                self.emit(Stopped(step=self.step, reason="asked", adapter_dir=None))
                return False
        self._finish()
        return True

    def _load_data(self) -> tuple[list[Example], list[Example]]:
        longest = self.spec.max_sequence_length
        examples = read_examples(Path(self.spec.dataset_path), self.tokenizer, longest=longest)
        pairs = [example.pairs for example in examples]
        kept, held_out = split(pairs=pairs, share=self.spec.evaluation_share, seed=self.spec.seed)
        self.emit(
            Data(
                conversations=len(examples),
                train_pairs=sum(pairs[index] for index in kept),
                evaluation_pairs=sum(pairs[index] for index in held_out),
                total_tokens=sum(len(example.ids) for example in examples),
                trained_tokens=sum(example.trained for example in examples),
                truncated=sum(example.truncated for example in examples),
            )
        )
        return [examples[index] for index in kept], [examples[index] for index in held_out]

    def _load_model(self) -> None:
        self.model = load_model(self.spec, device=self.device, precision=self.precision)
        self.parameters = trainable(self.model)
        self.optimizer = torch.optim.AdamW(self.parameters, lr=self.spec.learning_rate, weight_decay=0.0)
        warmup = max(1, round(self.spec.total_steps * self.spec.warmup_share))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer,
            lambda step: learning_rate_factor(step, warmup=warmup, total=self.spec.total_steps),
        )
        torch.manual_seed(self.spec.seed + self.processes.rank)  # dropout differs between processes
        self.model.train()

    def _train_step(self, examples: list[Example]) -> None:
        began = time.monotonic()
        trained = sum(example.trained for example in examples)
        tokens = sum(len(example.ids) for example in examples)
        mine = [examples[index] for index in self.processes.share(list(range(len(examples))))]
        loss_sum = 0.0
        for batch in self._batches(mine):
            loss = self._loss(batch) / trained
            loss.backward()
            loss_sum += loss.item()
        self.processes.sum_gradients(self.parameters)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, MAX_GRADIENT_NORM).item()
        (loss_sum,) = self.processes.total(loss_sum)
        if not math.isfinite(loss_sum) or not math.isfinite(norm):
            raise TrainingError(
                "diverged",
                f"The loss became {loss_sum} at step {self.step + 1}: training diverged. Choose a lower learning rate.",
            )
        learning_rate = self.schedule.get_last_lr()[0]
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        seconds = time.monotonic() - began
        self.step += 1
        self.tokens += tokens
        self.seconds += seconds
        self.first_loss = loss_sum if self.first_loss is None else self.first_loss
        self.last_loss = loss_sum
        self.emit(
            Step(
                step=self.step,
                epoch=self.step / self.spec.steps_per_epoch,
                loss=loss_sum,
                learning_rate=learning_rate,
                gradient_norm=norm,
                tokens_per_second=tokens / seconds,
            )
        )

    def _loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Cross-entropy summed over the trained tokens."""
        labels = batch.pop("labels")[:, 1:]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == torch.bfloat16):
            logits = self.model(**batch).logits[:, :-1]
        return cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum")

    def _batches(self, examples: list[Example]) -> Iterator[dict[str, torch.Tensor]]:
        """What fits into one forward pass at a time, similar lengths together."""
        waiting: list[Example] = []
        for example in sorted(examples, key=lambda example: len(example.ids)):
            if waiting and len(example.ids) * (len(waiting) + 1) > TOKENS_AT_ONCE[self.device.type]:
                yield self._collate(waiting)
                waiting = []
            waiting.append(example)
        if waiting:
            yield self._collate(waiting)

    def _collate(self, examples: list[Example]) -> dict[str, torch.Tensor]:
        pad = self.tokenizer.pad_token_id
        batch = collate(examples, pad=pad if pad is not None else self.tokenizer.eos_token_id)
        return {name: tensor.to(self.device) for name, tensor in batch.items()}

    @torch.no_grad()
    def _evaluate(self, examples: list[Example]) -> None:
        self.emit(Stage(stage="evaluating"))
        self.model.eval()
        mine = [examples[index] for index in self.processes.share(list(range(len(examples))))]
        loss = sum(self._loss(batch).item() for batch in self._batches(mine))
        trained = sum(example.trained for example in mine)
        loss, trained_everywhere = self.processes.total(loss, trained)
        self.model.train()
        self.evaluation_loss = loss / trained_everywhere
        epoch = self.step / self.spec.steps_per_epoch
        self.emit(Evaluation(step=self.step, epoch=epoch, loss=self.evaluation_loss))
        self.emit(Stage(stage="training"))

    def _agreed_to_stop(self) -> bool:
        """All processes stop at the same step, whichever heard of it."""
        return bool(self.processes.total(float(self.should_stop()))[0])

    def _save_checkpoint(self) -> None:
        random = self.processes.gather(checkpoint.random_state(self.device))
        if not self.processes.is_first:
            return
        self.emit(Stage(stage="saving"))
        state = {
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "first_loss": self.first_loss,
            "last_loss": self.last_loss,
            "evaluation_loss": self.evaluation_loss,
            "adapter": [parameter.detach().cpu() for parameter in self.parameters],
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": random,
        }
        checkpoint.save(self.checkpoints, self.step, state)
        self.emit(Checkpoint(step=self.step))
        self.emit(Stage(stage="training"))

    def _resume(self) -> None:
        """Continue from the last checkpoint, where there is one."""
        state = checkpoint.latest(self.checkpoints)
        if state is None:
            return
        with torch.no_grad():
            for parameter, saved in zip(self.parameters, state["adapter"], strict=True):
                parameter.copy_(saved)
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        for name in ("step", "tokens", "seconds", "first_loss", "last_loss", "evaluation_loss"):
            setattr(self, name, state[name])
        if len(state["random"]) == self.processes.count:
            checkpoint.set_random_state(state["random"][self.processes.rank], self.device)
        self.emit(Log(message=f"Continuing after step {self.step} of {self.spec.total_steps}"))

    def _finish(self) -> None:
        peaks = self.processes.gather(self._peak_memory())
        if not self.processes.is_first:
            return
        self.emit(Stage(stage="saving"))
        metrics: dict[str, Any] = {
            "steps": self.step,
            "seconds": round(self.seconds, 3),
            "tokens": self.tokens,
            "final_loss": self.last_loss,
            "evaluation_loss": self.evaluation_loss,
            "peak_memory_bytes": max(peaks),
        }
        directory = Path(self.spec.run_dir) / "adapter"
        write_adapter(directory, self.model, self.tokenizer, self.spec, metrics | {"first_loss": self.first_loss})
        self.emit(Finished(adapter_dir=str(directory), **metrics))

    def _peak_memory(self) -> int:
        """Bytes: the most that PyTorch held on this GPU; on a CPU, the most that the process held."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def learning_rate_factor(step: int, *, warmup: int, total: int) -> float:
    """Linear warm-up from the first step on, then a cosine down to 0 after the last."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))
