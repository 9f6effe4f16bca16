"""What the supervisor and the trainer say to each other: a job file one way, JSON lines the other. Pure."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

EXIT_FINISHED = 0
EXIT_FAILED = 1
EXIT_STOPPED = 75
"""The trainer was asked to stop (SIGTERM), saved a checkpoint and did."""


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """All that a training run needs to know."""

    job_id: str
    attempt: int
    model: str
    """An absolute folder, or a Hugging Face id."""
    model_name: str
    model_license: str
    dataset_path: str
    dataset_name: str
    dataset_format: str
    run_dir: str
    """Where checkpoints and the adapter are written."""
    gpu_count: int
    device: str
    """``auto``, ``cpu`` or ``cuda``."""
    preset: str
    learning_rate: float
    batch_size: int
    """Training pairs a step, over all processes."""
    epochs: int
    rank: int
    alpha: float
    dropout: float
    total_steps: int
    steps_per_epoch: int
    evaluation_share: float = 0.05
    max_sequence_length: int = 2048
    warmup_share: float = 0.03
    seed: int = 42

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "JobSpec":
        """Raises ValueError, naming what is missing or unknown."""
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError("the job file holds no JSON object")
        known = {field.name: field for field in fields(cls)}
        if unknown := values.keys() - known.keys():
            raise ValueError(f"unknown in the job file: {', '.join(sorted(unknown))}")
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"the job file is incomplete: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Event:
    kind: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """The program runs, on this device."""

    kind: ClassVar[str] = "started"
    device: str
    device_name: str
    processes: int
    precision: str
    torch: str


@dataclass(frozen=True, kw_only=True)
class Stage(Event):
    """``loading_model``, ``preparing_data``, ``training``, ``evaluating`` or ``saving``."""

    kind: ClassVar[str] = "stage"
    stage: str


@dataclass(frozen=True, kw_only=True)
class Data(Event):
    """What there is to train on."""

    kind: ClassVar[str] = "data"
    conversations: int
    train_pairs: int
    evaluation_pairs: int
    total_tokens: int
    trained_tokens: int
    truncated: int
    """Conversations longer than the longest sequence."""


@dataclass(frozen=True, kw_only=True)
class Step(Event):
    kind: ClassVar[str] = "step"
    step: int
    epoch: float
    loss: float
    learning_rate: float
    gradient_norm: float
    tokens_per_second: float
    """Tokens without padding, trained on or not, over the whole step's time."""


@dataclass(frozen=True, kw_only=True)
class Evaluation(Event):
    kind: ClassVar[str] = "evaluation"
    step: int
    epoch: float
    loss: float


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Event):
    kind: ClassVar[str] = "checkpoint"
    step: int


@dataclass(frozen=True, kw_only=True)
class Log(Event):
    kind: ClassVar[str] = "log"
    message: str


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    kind: ClassVar[str] = "finished"
    adapter_dir: str
    steps: int
    seconds: float
    tokens: int
    final_loss: float
    evaluation_loss: float | None
    peak_memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The run cannot go on; the message is for the person who started it."""

    kind: ClassVar[str] = "failed"
    code: str
    message: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    kind: ClassVar[str] = "stopped"
    step: int


KINDS: dict[str, type[Event]] = {
    event.kind: event for event in (Started, Stage, Data, Step, Evaluation, Checkpoint, Log, Finished, Failed, Stopped)
}


def encode(event: Event) -> str:
    return json.dumps({"kind": event.kind} | asdict(event))


def decode(line: str) -> Event | None:
    """The event that a line of output holds; ``None`` when the line is only log text."""
    try:
        values: Any = json.loads(line)
        kind = KINDS[values.pop("kind")]
        return kind(**values)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
