"""What the worker and the evaluator say to each other. Pure; beside its own events it says the trainer's."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from training.trainer import protocol as trainer
from training.trainer.protocol import Event, Spec

ROWS = "rows.jsonl"
"""In the job's folder: a line for each row that is done."""


@dataclass(frozen=True, kw_only=True)
class EvaluationSpec(Spec):
    """All that an evaluation needs to know."""

    run: dict[str, Any]
    """The job file of the run that made the adapter (``trainer.protocol.JobSpec``), with paths of this machine: what it
    holds out is what is evaluated on."""
    adapter_dir: str
    folder: str
    """Where rows that are done are kept: started again, it goes on after them."""
    scores: list[str] = field(default_factory=list)
    """Of ``core.evaluation.SCORES``, each of every answer; none: no answers are generated."""
    json_schema: Any = None
    """For the score ``json_schema``."""
    pattern: str = ""
    """For the score ``pattern``."""
    most_rows: int = 200
    """Drawn by the seed where more are held out."""
    max_new_tokens: int = 256
    """Of each answer."""
    temperature: float = 0.0
    """0: the likeliest token each time."""
    top_p: float = 1.0
    seed: int = 42
    lease_seconds: float = 0
    """The evaluator ends itself when its standard input brought no byte for so long; 0: never for that."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One model on one row."""

    loss: float
    """Mean cross-entropy (nats) per learned token."""
    answer: str | None = None
    """To the row's last prompt; ``None``: none was asked for, or the row is plain text."""
    is_complete: bool = False
    """It came to its end within the tokens that it had."""
    scores: dict[str, float | None] = field(default_factory=dict)
    """From 0 to 1; ``None``: undecided, as its pattern took too long."""


@dataclass(frozen=True, kw_only=True)
class Row(Event):
    """A held-out row is done."""

    kind: ClassVar[str] = "row"
    line: int
    """In the data set's file."""
    number: int
    """Rows done, this one included."""
    of: int
    tokens: int
    """Learned tokens, of which the losses are the mean."""
    reference: str | None
    """The answer that the data set has."""
    base: dict[str, Any]
    """``Said``, of the model with its adapter off."""
    adapter: dict[str, Any]
    """``Said``, of the model with its adapter."""


@dataclass(frozen=True, kw_only=True)
class Evaluated(Event):
    """All rows are done."""

    kind: ClassVar[str] = "evaluated"
    rows: int
    totals: dict[str, dict[str, Any]]
    """By measure (``core.evaluation.LABELS``): rows, base, adapter, difference, low, high (of the 95 % interval, or
    ``None``) and the verdict in words."""
    base_perplexity: float
    adapter_perplexity: float
    seconds: float
    """That this attempt took."""


@dataclass(frozen=True, kw_only=True)
class EvaluationStopped(Event):
    """It was asked to stop; started again, it goes on after the rows that are done."""

    kind: ClassVar[str] = "evaluation_stopped"
    rows: int


KINDS: dict[str, type[Event]] = trainer.KINDS | {event.kind: event for event in (Row, Evaluated, EvaluationStopped)}


def decode(line: str) -> Event | None:
    """The event that a line of output holds; ``None`` when the line is only log text."""
    return trainer.decode(line, KINDS)
