"""The adapter as a folder that ``peft`` loads, with its model card."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import peft
from transformers import PreTrainedTokenizerBase

from .progress import Progress
from .protocol import JobSpec

LABELS = {
    "batch_size": "Batch size (pairs a step)",
    "rank": "LoRA rank",
    "alpha": "LoRA alpha",
    "dropout": "LoRA dropout",
}
"""Hyperparameters whose name alone says too little to a card's reader."""

CARD = """\
---
base_model: {base_model}
library_name: peft
license: {license}
pipeline_tag: text-generation
tags:
- lora
- peft
---

# LoRA adapter: {title}
{partial}
A LoRA adapter for {model}, trained on the data set “{title}” (all linear layers, loss on the
assistant's turns only).

```python
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer

model = AutoPeftModelForCausalLM.from_pretrained("path/to/this/folder")
tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
```

## Hyperparameters

{hyperparameters}

## Results

{results}

Trained with PEFT {peft}. Job `{job_id}`.
"""


def write_adapter(
    folder: Path, model: Any, tokenizer: PreTrainedTokenizerBase, spec: JobSpec, progress: Progress
) -> None:
    """Weights (safetensors), configuration, tokenizer, model card and metrics, into a new folder."""
    model.save_pretrained(folder, save_embedding_layers=False)
    tokenizer.save_pretrained(folder)
    metrics = asdict(progress) | {"total_steps": spec.total_steps}
    (folder / "training_metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    (folder / "README.md").write_text(model_card(spec, progress))


def model_card(spec: JobSpec, progress: Progress) -> str:
    """Markdown with the front matter that model hubs read (https://huggingface.co/docs/hub/model-cards)."""
    revision = f" at revision `{spec.model_revision}`" if spec.model_revision else ""
    return CARD.format(
        base_model=json.dumps(spec.model_name),
        license=json.dumps(spec.model_license),
        title=" ".join(spec.dataset_name.split()),
        partial=_partial(spec, progress),
        model=f"`{spec.model_name}`{revision}",
        hyperparameters=_table(_hyperparameters(spec, progress)),
        results=_table(_results(progress)),
        peft=peft.__version__,
        job_id=spec.job_id,
    )


def _partial(spec: JobSpec, progress: Progress) -> str:
    if progress.step == spec.total_steps:
        return ""
    return (
        f"\n**Partial: step {progress.step} of {spec.total_steps}.** The training had not ended when this was "
        "written; the learning rate was still to fall.\n"
    )


def _hyperparameters(spec: JobSpec, progress: Progress) -> dict[str, object]:
    chosen = {
        LABELS.get(name, name.replace("_", " ").capitalize()): f"{value:g}"
        for name, value in spec.hyperparameters.items()
    }
    revision = {"Base model revision": f"`{spec.model_revision}`"} if spec.model_revision else {}
    is_whole = progress.step == spec.total_steps
    return {
        **revision,
        "Preset": spec.preset,
        **chosen,
        "Steps": spec.total_steps if is_whole else f"{progress.step} of {spec.total_steps}",
        "Longest sequence (tokens)": spec.max_sequence_length,
        "Seed": spec.seed,
    }


def _results(progress: Progress) -> dict[str, object]:
    evaluation = progress.evaluation_loss
    return {
        "Loss at the first step": f"{progress.first_loss:.4f}",
        "Loss at the last step": f"{progress.last_loss:.4f}",
        "Evaluation loss": "not evaluated" if evaluation is None else f"{evaluation:.4f}",
        "Tokens processed": f"{progress.tokens:,}",
        "Training time (s)": f"{progress.seconds:,.0f}",
    }


def _table(rows: dict[str, object]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])
