"""What learns: the model with its adapter, the optimizer, the schedule. One call is one optimizer step."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .data import Example, collate
from .device_memory import out_of_memory_training
from .errors import TrainingError, is_out_of_memory
from .loss import Batch, summed_loss
from .model import load_adapter, load_model, trainable
from .parallel import Processes
from .protocol import JobSpec
from .step_plan import forward_passes

MAX_GRADIENT_NORM = 1.0
"""Larger gradients are scaled down to this Euclidean norm (arXiv:1211.5063)."""


@dataclass(frozen=True)
class Taken:
    """One optimizer step, as all processes did it together."""

    loss: float
    learning_rate: float
    gradient_norm: float
    sequences: int
    """The most that went through the model at once in this process."""


class Learner:
    """This process's copy of what is trained, equal in all processes after each step."""

    def __init__(self, spec: JobSpec, processes: Processes, precision: torch.dtype, *, pad: int) -> None:
        self.spec = spec
        self.processes = processes
        self.device = processes.device
        self.precision = precision
        self.pad = pad
        self._in_work = (0, 0)
        self.model = load_model(spec, device=self.device, precision=precision)
        self.parameters = trainable(self.model)
        self.optimizer = torch.optim.AdamW(self.parameters, lr=spec.hyperparameters["learning_rate"], weight_decay=0.0)
        warmup = max(1, round(spec.total_steps * spec.warmup_share))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer,
            lambda step: learning_rate_factor(step, warmup=warmup, total=spec.total_steps),
        )
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=precision == torch.float16)
        torch.manual_seed(spec.seed + processes.rank)  # dropout differs between processes
        self.model.train()

    @property
    def state_bytes(self) -> int:
        """Bytes of a checkpoint: the adapter and AdamW's two moments of each of its weights."""
        adapter: int = sum(parameter.numel() * parameter.element_size() for parameter in self.parameters)
        return 3 * adapter

    def take_step(self, examples: list[Example], *, step: int) -> Taken:
        """One optimizer step, number ``step``, on all these examples. Raises TrainingError."""
        try:
            return self._take_step(examples, step)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            sequences, longest = self._in_work
            raise out_of_memory_training(
                self.spec, self.device, step=step, sequences=sequences, longest=longest
            ) from error

    def skip_step(self) -> None:
        """A step without examples: nothing is learned, and the schedule goes on."""
        self.schedule.step()

    def _take_step(self, examples: list[Example], step: int) -> Taken:
        trained = sum(example.trained for example in examples)
        mine = self._mine(examples)
        learning_rate = self.schedule.get_last_lr()[0]
        while True:
            loss = self._add_gradients(mine, trained)
            self.scaler.unscale_(self.optimizer)
            norm = torch.nn.utils.clip_grad_norm_(self.parameters, MAX_GRADIENT_NORM).item()
            is_overflow = not math.isfinite(norm) and self.scaler.get_scale() > 1
            if not math.isfinite(loss) or not (math.isfinite(norm) or is_overflow):
                raise self._diverged(loss, norm, step)
            self.scaler.step(self.optimizer)  # leaves all as it is where a scaled gradient overflowed
            self.scaler.update()
            self.optimizer.zero_grad(set_to_none=True)
            if not is_overflow:
                break
        self.schedule.step()
        sequences = max((len(indices) for indices in self._plan(mine)), default=0)
        return Taken(loss=loss, learning_rate=learning_rate, gradient_norm=norm, sequences=sequences)

    def _diverged(self, loss: float, norm: float, step: int) -> TrainingError:
        wider_range = ", or a GPU that computes in bf16" if self.precision == torch.float16 else ""
        return TrainingError(
            "diverged",
            f"The loss became {loss} and the gradients' norm {norm} at step {step}: training diverged. Choose a lower "
            f"learning rate{wider_range}.",
        )

    def _add_gradients(self, mine: list[Example], trained: int) -> float:
        """Gradients of the loss per trained token of the whole step, on all processes; returns that loss."""
        loss_sum = 0.0
        for batch in self._passes(mine):
            self._in_work = tuple(batch["input_ids"].shape)
            loss = summed_loss(self.model, batch, self.precision) / trained
            self.scaler.scale(loss).backward()
            loss_sum += loss.item()
        self.processes.sum_gradients(self.parameters)
        (loss_sum,) = self.processes.total(loss_sum)
        return loss_sum

    def evaluate(self, examples: list[Example], *, is_over: Callable[[], bool]) -> float | None:
        """The loss per trained token, as that of a step; ``None`` when ``is_over``, asked in all processes before each
        pass, cut it short."""
        mine = self._mine(examples)
        batches = self._passes(mine)
        rounds = max(self.processes.gather(len(self._plan(mine))))
        self.model.eval()
        try:
            loss = 0.0
            for _ in range(rounds):
                if is_over():
                    return None
                if (batch := next(batches, None)) is not None:
                    with torch.no_grad():
                        loss += summed_loss(self.model, batch, self.precision).item()
        finally:
            self.model.train()
        loss, trained = self.processes.total(loss, sum(example.trained for example in mine))
        return loss / trained

    def _mine(self, examples: list[Example]) -> list[Example]:
        return [examples[index] for index in self.processes.share(list(range(len(examples))))]

    def _plan(self, examples: list[Example]) -> list[list[int]]:
        lengths = [example.length for example in examples]
        tokens = self.spec.tokens_at_once[self.device.type]
        return forward_passes(lengths, most=self.spec.micro_batch_size, tokens=tokens)

    def _passes(self, examples: list[Example]) -> Iterator[Batch]:
        for indices in self._plan(examples):
            batch = collate([examples[index] for index in indices], pad=self.pad)
            yield {name: tensor.to(self.device) for name, tensor in batch.items()}

    def save(self, path: Path, random: list[Any]) -> None:
        """Write all but the adapter's weights that the next step depends on; ``random`` is every process's."""
        state = {
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "scaler": self.scaler.state_dict(),
            "random": random,
        }
        with path.open("wb") as file:
            torch.save(state, file)

    def load(self, adapter: Path, path: Path) -> None:
        """Become what was saved: the adapter's folder, and the file that ``save`` wrote.

        Dropout's random state is taken over only where there are as many processes as then.
        """
        load_adapter(self.model, adapter)
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        if state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        if len(state["random"]) == self.processes.count:
            self._set_random_state(state["random"][self.processes.rank])

    def random_state(self) -> dict[str, torch.Tensor]:
        """This process's random state."""
        state = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self.device)
        return state

    def _set_random_state(self, state: dict[str, torch.Tensor]) -> None:
        torch.set_rng_state(state["cpu"])
        if self.device.type == "cuda" and "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self.device)


def learning_rate_factor(step: int, *, warmup: int, total: int) -> float:
    """What the full learning rate is multiplied with: linear warm-up, then a cosine down to 0 (arXiv:1608.03983).

    Args:
        step: Counted from 0.
        warmup: Steps, the last of which has the full rate; at least 1.
        total: Steps, after the last of which the factor is 0.
    """
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))
