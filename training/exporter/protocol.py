"""What the worker and the exporter say to each other. Pure; beside its own events it says the trainer's."""

from dataclasses import dataclass
from typing import Any, ClassVar

from training.trainer import protocol as trainer
from training.trainer.protocol import Event, Spec

EXPORT = "export"
"""In the job's folder: what is to be taken away."""
REPORT = "verification.json"
"""In it: what the verification found."""


@dataclass(frozen=True, kw_only=True)
class ExportSpec(Spec):
    """All that an export needs to know."""

    run: dict[str, Any]
    """The job file of the run that made the adapter (``trainer.protocol.JobSpec``), with paths of this machine."""
    adapter_dir: str
    folder: str
    """Where the export is made. What is whole there already is verified again, not made again."""
    kind: str
    """Of ``core.fidelity``: ``merged``, ``gguf_lora``, ``gguf_f16`` or ``gguf_q8_0``."""
    most_prompts: int = 50
    """That it is verified on: of the held-out rows, or of all where none were held out."""
    most_new_tokens: int = 64
    """Of each answer."""
    lease_seconds: float = 0
    """The exporter ends itself when its standard input brought no byte for so long; 0: never for that."""


@dataclass(frozen=True, kw_only=True)
class Exported(Event):
    """It is made and verified, or failed the verification."""

    kind: ClassVar[str] = "exported"
    export_dir: str
    verdict: str
    """``verified`` or ``failed verification``."""
    report: dict[str, Any]
    """As ``verification.json`` has it."""


@dataclass(frozen=True, kw_only=True)
class ExportStopped(Event):
    """It was asked to stop; started again, it begins again with what is not whole."""

    kind: ClassVar[str] = "export_stopped"


KINDS: dict[str, type[Event]] = trainer.KINDS | {event.kind: event for event in (Exported, ExportStopped)}


def decode(line: str) -> Event | None:
    """The event that a line of output holds; ``None`` when the line is only log text."""
    return trainer.decode(line, KINDS)
