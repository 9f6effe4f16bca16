"""The rows of ``published_finetuning_measurements.tsv``, typed. A cell that is empty or cannot be read is ``None``."""

import csv
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).with_name("published_finetuning_measurements.tsv")
OUT_OF_MEMORY = "OOM"
PROGRAMS = {
    "litgpt": "litgpt",
    "torchtune": "torchtune",
    "automodel": "automodel",
    "megatron-bridge": "mbridge",
    "llama-factory": "llama-factory",
    "huggingface/peft": "peft",
    "fms-acceleration": "fms",
    "h2o-llmstudio": "h2o",
    "llm-foundry": "foundry",
    "2309.12307": "longlora",
}
"""A part of a row's source, and the training program that it tells."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One published measurement."""

    id: str
    source: str
    model: str
    billions: float | None
    """Of parameters."""
    method: str
    """``full``, ``lora`` or ``qlora``."""
    gpu: str
    gpu_count: int
    micro_batch: int | None
    global_batch: int | None
    sequence_length: int | None
    checkpointing: bool | None
    """``None``: not stated."""
    precision: str
    peak: float | None
    """In GB or GiB, as published; of the card or of PyTorch, as the source has it."""
    ran_out: bool
    """It did not run for want of memory."""
    tokens_per_second: float | None
    """On one GPU."""
    samples_per_second: float | None
    seconds: float | None
    """Of the whole run."""
    note: str

    @property
    def program(self) -> str:
        """One of PROGRAMS' values, or nothing ("")."""
        source = self.source.lower()
        return next((name for part, name in PROGRAMS.items() if part in source), "")

    @property
    def capacity(self) -> float | None:
        """GiB of one card, as its name has them."""
        found = re.search(r"(\d+)\s*GB", self.gpu)
        return float(found[1]) if found else None

    @property
    def is_sharded(self) -> bool:
        """Each of several GPUs has a part of the model (FSDP, ZeRO, tensor parallel), not all of it (DDP)."""
        return self.gpu_count > 1 and not re.search(r"\bDDP\b", self.note)


def read(path: Path = DATA) -> list[Row]:
    """All rows of a file with the columns of DATA; columns may be missing."""
    with path.open(newline="") as file:
        return [_row(cells) for cells in csv.DictReader(file, delimiter="\t")]


def asked_for() -> Path:
    """The file that the command line names, or DATA."""
    return Path(sys.argv[1]) if len(sys.argv) > 1 else DATA


def _row(cells: Mapping[str, str | None]) -> Row:
    text = {name: (value or "").strip() for name, value in cells.items() if isinstance(name, str)}
    return Row(
        id=text.get("id", ""),
        source=text.get("source", ""),
        model=text.get("model", ""),
        billions=_number(text.get("params_b", "")),
        method=text.get("method", "").lower(),
        gpu=text.get("gpu", ""),
        gpu_count=_count(text.get("gpu_count", "")) or 1,
        micro_batch=_count(text.get("micro_batch", "")),
        global_batch=_count(text.get("global_batch", "")),
        sequence_length=_count(text.get("seq_len", "")),
        checkpointing={"yes": True, "no": False}.get(text.get("grad_ckpt", "").lower()),
        precision=text.get("precision", ""),
        peak=_number(text.get("peak_mem_gb", "")),
        ran_out=text.get("peak_mem_gb", "").upper() == OUT_OF_MEMORY,
        tokens_per_second=_number(text.get("tokens_per_s_per_gpu", "")),
        samples_per_second=_number(text.get("samples_per_s", "")),
        seconds=_number(text.get("wall_time_s", "")),
        note=text.get("note", ""),
    )


def _number(text: str) -> float | None:
    """A positive number."""
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def _count(text: str) -> int | None:
    value = _number(text)
    return round(value) if value and round(value) else None
