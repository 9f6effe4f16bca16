"""One export: made, loaded again, held against the adapter."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from training.core.fidelity import BOUNDS, GGUF_F16, GGUF_LORA, GGUF_Q8_0, MERGED, Fidelity
from training.exporter.comparison import Case, cases, compared
from training.exporter.formats import Format
from training.exporter.gguf_lora import GgufLora
from training.exporter.gguf_model import F16, Q8_0, GgufModel
from training.exporter.merged import Merged
from training.exporter.protocol import EXPORT, REPORT, Exported, ExportSpec
from training.trainer.base import load_tokenizer
from training.trainer.corpus import read_split
from training.trainer.devices import choose_precision, device_type
from training.trainer.errors import TrainingError
from training.trainer.model import load_adapted
from training.trainer.protocol import Event, JobSpec, Stage

FORMATS: dict[str, Format] = {
    MERGED: Merged(),
    GGUF_LORA: GgufLora(),
    GGUF_F16: GgufModel(F16),
    GGUF_Q8_0: GgufModel(Q8_0),
}


def export(spec: ExportSpec, emit: Callable[[Event], None]) -> Exported:
    """Make the export unless it is there already, and verify it. Raises TrainingError."""
    if spec.kind not in FORMATS:
        raise TrainingError("bad_job", f"The export “{spec.kind}” is none of {', '.join(FORMATS)}.")
    form = FORMATS[spec.kind]
    run = JobSpec(**spec.run | {"quantization": "none"})  # what was trained in 4 bits is merged into what they are of
    target = Path(spec.folder) / EXPORT
    if not target.exists():
        emit(Stage(stage="exporting"))
        draft = target.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        form.write(run, Path(spec.adapter_dir), draft)
        draft.rename(target)
    emit(Stage(stage="verifying"))
    fidelity = _verified(spec, run, target)
    report = _report(spec, fidelity)
    (target / REPORT).write_text(json.dumps(report, indent=2) + "\n")
    return Exported(export_dir=str(target), verdict=report["verdict"], report=report)


def _verified(spec: ExportSpec, run: JobSpec, target: Path) -> Fidelity:
    """One model after the other, so that no more than one is in memory."""
    device = torch.device(device_type(run))
    precision = choose_precision("auto", device)
    adapted = load_adapted(run, Path(spec.adapter_dir), device=device, precision=precision)
    made = _cases(spec, run, adapted, precision)
    del adapted
    loaded = FORMATS[spec.kind].load(run, target, device=device, precision=precision)
    return compared(loaded, made, precision=precision)


def _cases(spec: ExportSpec, run: JobSpec, adapted: Any, precision: torch.dtype) -> list[Case]:
    tokenizer = load_tokenizer(run)
    train, held_out = read_split(run, tokenizer)
    rows = {example.line: example for example in held_out or train}  # of each row the last sequence
    chosen = list(rows.values())[: spec.most_prompts]
    return cases(adapted, tokenizer, chosen, most_new_tokens=spec.most_new_tokens, precision=precision)


def _report(spec: ExportSpec, found: Fidelity) -> dict[str, Any]:
    bound = BOUNDS[spec.kind]
    return {
        "kind": spec.kind,
        "verdict": found.verdict(bound),
        **asdict(found),
        "equal_tokens": found.equal_tokens,
        "loss_change": found.loss_change,
        "bound": asdict(bound),
        "read_back_by": FORMATS[spec.kind].read_back_by,
    }
