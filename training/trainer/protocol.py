"""What the worker and the trainer say to each other: a job file one way, JSON lines the other. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Self

JOURNAL = "trainers.jsonl"
"""In the folder of all runs: a line for each start and end of a trainer."""
EXIT_FINISHED = 0
EXIT_FAILED = 1
EXIT_STOPPED = 75
"""The trainer stopped before its last step, asked to (SIGTERM) or at its deadline, with a checkpoint of what it did."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What a program's job file says."""

    def to_json(self) -> str:
        """The job file's text."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What a job file describes.

        Raises:
            ValueError: Something is missing or unknown; the message names it.
        """
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError("the job file holds no JSON object")
        if unknown := values.keys() - {known.name for known in fields(cls)}:
            raise ValueError(f"unknown in the job file: {', '.join(sorted(unknown))}")
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"the job file is incomplete: {error}") from error


@dataclass(frozen=True, kw_only=True)
class JobSpec(Spec):
    """All that a training run needs to know; what the trainer shares with the rest of the product comes in here."""

    job_id: str
    attempt: int
    model: str
    """An absolute folder, or a Hugging Face id."""
    model_name: str
    model_revision: str = ""
    """Of a hub model: commit, tag or branch; empty: the hub's default."""
    model_license: str
    dataset_path: str
    """The data set's tokens, as ``datasets.tokenizing`` writes them for this model."""
    dataset_name: str
    dataset_format: str
    run_dir: str
    """Where checkpoints and the adapter are written."""
    gpu_count: int
    device: str
    """``auto``, ``cpu`` or ``cuda``."""
    cpu_name: str
    """What a CPU is called that the run is on."""
    preset: str
    hyperparameters: dict[str, float]
    """By name, as core/hyperparameters.py defines them."""
    total_steps: int
    steps_per_epoch: int
    dataset_sha256: str = ""
    evaluation_path: str = ""
    """Tokens of what to evaluate on; nothing: a share of the data set's pairs is held out."""
    evaluation_share: float
    """Of the data set's pairs, from 0 to 1."""
    most_held_out: int
    """Pairs, however many the share comes to."""
    split_seed: int
    """Decides which conversations are held out."""
    max_sequence_length: int
    """Tokens of the longest sequence: what was chosen, or the base model's context where that is less."""
    too_long: str = "split"
    """What becomes of longer conversations and texts: ``split``, ``cut`` or ``drop`` (see ``windows``)."""
    expected: dict[str, int] | None = None
    """What was counted of the data set when the run was priced, held-out pairs included: ``conversations`` and
    ``pairs`` that are trained on, or else the run fails before its first step; conversations ``dropped``, whatever
    for, and ``truncated``, longer than the longest sequence. ``None``: nobody counted."""
    warmup_share: float = 0.03
    """Of all steps, in which the learning rate rises to the one chosen."""
    seed: int = 42
    micro_batch_size: int | None = None
    """Sequences in one forward pass of one process; ``None``: as many as ``tokens_at_once`` allows."""
    tokens_at_once: dict[str, int]
    """Padded tokens in one forward pass by device type, where no micro-batch size is set."""
    gradient_checkpointing: bool = False
    quantization: str = "none"
    """``none``, or ``nf4``: the base model's linear layers in 4 bits (QLoRA)."""
    precision: str = "auto"
    """``auto``, ``bf16``, ``fp16`` or ``fp32``."""
    lease_seconds: float = 0
    """The trainer kills itself when its standard input brought no byte for so long; 0: never for that."""
    checkpoint_seconds: float = 300
    """The longest time of training without a checkpoint; there is one at each epoch's end besides."""
    deadlines: dict[str, float] = field(default_factory=dict)
    """By device type (``cuda``, ``cpu``), the Unix time by which the run must have ended: its budget is spent then."""
    probe_steps: int | None = None
    """Measure so many steps and end, without evaluation, checkpoint or adapter."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that the trainer reports, as one line of its output."""

    kind: ClassVar[str]
    """The name in the line by which ``decode`` finds the class."""


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
    """That are trained on or held out, at least a part of their answers."""
    dropped: int
    """Conversations of the data set of which nothing is."""
    train_pairs: int
    evaluation_pairs: int
    total_tokens: int
    """Of all sequences, held-out ones included, without padding."""
    trained_tokens: int
    """Those of them that are learned."""
    truncated: int
    """Conversations longer than the longest sequence, whatever became of them."""

    @property
    def in_words(self) -> str:
        """As log, model card and page say it."""
        total = self.conversations + self.dropped
        return (
            f"{self.conversations:,} of {total:,} conversations, {self.dropped:,} dropped, {self.truncated:,} truncated"
        )


@dataclass(frozen=True, kw_only=True)
class Resumed(Event):
    """Said once, before the first step: the step that the run goes on after, 0 for a fresh start."""

    kind: ClassVar[str] = "resumed"
    step: int


@dataclass(frozen=True, kw_only=True)
class Step(Event):
    """An optimizer step is done; one that had no examples is not told of."""

    kind: ClassVar[str] = "step"
    step: int
    """Counted from 1."""
    epoch: float
    """Epochs done by the end of the step, in fractions."""
    loss: float
    """Mean cross-entropy (nats) over the step's trained tokens, each token's times its answer's weight."""
    learning_rate: float
    gradient_norm: float
    """Euclidean norm over all trained weights, before clipping."""
    tokens_per_second: float
    """Tokens without padding, trained on or not, over the whole step's time."""


@dataclass(frozen=True, kw_only=True)
class Evaluation(Event):
    """What is held out was evaluated after this step."""

    kind: ClassVar[str] = "evaluation"
    step: int
    epoch: float
    loss: float
    """Mean cross-entropy (nats) over the trained tokens of what is held out."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Event):
    """A checkpoint of the state after this step is complete."""

    kind: ClassVar[str] = "checkpoint"
    step: int


@dataclass(frozen=True, kw_only=True)
class Log(Event):
    """A line for the job's log."""

    kind: ClassVar[str] = "log"
    message: str


@dataclass(frozen=True, kw_only=True)
class Measured(Event):
    """What this attempt's steps took; said before ``finished`` or ``stopped``, once a step was done."""

    kind: ClassVar[str] = "measured"
    tokens_per_second: float
    """Tokens without padding, of all processes, over the time of the steps alone; the first, which warms up, is left
    out of this and the next where there are others."""
    seconds_per_step: float
    startup_seconds: float
    """From the program's start to its first step: data, model, checkpoint."""
    evaluation_seconds: float
    """All evaluations together."""
    saving_seconds: float
    """All checkpoints and the adapter together."""
    peak_memory_bytes: int
    """The most that PyTorch held on any one GPU; on a CPU, the largest process's peak resident memory."""
    reserved_memory_bytes: int
    """The most that PyTorch reserved on any one GPU, fragmentation included; on a CPU, as above."""
    steps: int
    """Steps that this attempt did."""
    micro_batch_size: int
    """The most sequences that one forward pass of training had."""
    longest_sequence: int
    """Tokens of the longest sequence trained on."""


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """All steps are done."""

    kind: ClassVar[str] = "finished"
    adapter_dir: str
    """Empty after a probe, which leaves no adapter."""
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
    figures: dict[str, float] = field(default_factory=dict)
    """What is known of it in numbers. Out of memory: ``step`` (0: while loading the model), ``allocated_bytes`` (the
    peak), ``total_bytes`` and, in a step, the ``micro_batch_size`` and ``longest_sequence`` of the pass that failed."""


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    """The run ended before its last step, and can be continued from its checkpoint."""

    kind: ClassVar[str] = "stopped"
    step: int
    reason: str
    """``asked`` (SIGTERM) or ``budget`` (the deadline)."""
    adapter_dir: str | None
    """A complete adapter of the steps done so far, by whichever attempt; ``None`` when there was none."""


KINDS: dict[str, type[Event]] = {
    event.kind: event
    for event in (
        Started,
        Stage,
        Data,
        Resumed,
        Step,
        Evaluation,
        Checkpoint,
        Log,
        Measured,
        Finished,
        Failed,
        Stopped,
    )
}


def encode(event: Event) -> str:
    """The event as one line of JSON, without its end."""
    return json.dumps({"kind": event.kind} | asdict(event))


def decode(line: str, kinds: Mapping[str, type[Event]] = KINDS) -> Event | None:
    """The event that a line of output holds, of these kinds by name; ``None`` when the line is only log text."""
    try:
        values: Any = json.loads(line)
        kind = kinds[values.pop("kind")]
        return kind(**values)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
