"""The adapter as a folder that ``peft`` loads, with its model card."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import peft
from transformers import PreTrainedTokenizerBase

from .progress import Progress
from .protocol import JobSpec


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
    """Markdown with the front matter that model hubs read."""
    title = " ".join(spec.dataset_name.split())
    is_whole = progress.step == spec.total_steps
    partial = (
        ""
        if is_whole
        else f"\n**Partial: step {progress.step} of {spec.total_steps}.** The training had not ended when this was "
        "written; the learning rate was still to fall.\n"
    )
    hyperparameters = _table(
        {
            "Preset": spec.preset,
            "Learning rate": f"{spec.learning_rate:g}",
            "Batch size (pairs a step)": spec.batch_size,
            "Epochs": spec.epochs,
            "Steps": spec.total_steps if is_whole else f"{progress.step} of {spec.total_steps}",
            "LoRA rank": spec.rank,
            "LoRA alpha": f"{spec.alpha:g}",
            "LoRA dropout": f"{spec.dropout:g}",
            "Longest sequence (tokens)": spec.max_sequence_length,
            "Seed": spec.seed,
        }
    )
    evaluation = progress.evaluation_loss
    results = _table(
        {
            "Loss at the first step": f"{progress.first_loss:.4f}",
            "Loss at the last step": f"{progress.last_loss:.4f}",
            "Evaluation loss": "not evaluated" if evaluation is None else f"{evaluation:.4f}",
            "Tokens processed": f"{progress.tokens:,}",
            "Training time (s)": f"{progress.seconds:,.0f}",
        }
    )
    return f"""---
base_model: {json.dumps(spec.model_name)}
library_name: peft
license: {json.dumps(spec.model_license)}
pipeline_tag: text-generation
tags:
- lora
- peft
---

# LoRA adapter: {title}
{partial}
A LoRA adapter for `{spec.model_name}`, trained on the data set “{title}” (all linear layers, loss on the
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

Trained with PEFT {peft.__version__}. Job `{spec.job_id}`.
"""


def _table(rows: dict[str, object]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])
