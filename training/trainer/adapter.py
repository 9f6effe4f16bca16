"""The finished adapter as a folder that ``peft`` loads, with its model card."""

import json
import shutil
from pathlib import Path
from typing import Any

import peft
from transformers import PreTrainedTokenizerBase

from .protocol import JobSpec


def write_adapter(
    directory: Path, model: Any, tokenizer: PreTrainedTokenizerBase, spec: JobSpec, metrics: dict[str, Any]
) -> None:
    """Weights (safetensors), configuration, tokenizer, model card and metrics; all there, or not there."""
    draft = directory.with_name("adapter.draft")
    shutil.rmtree(draft, ignore_errors=True)
    model.save_pretrained(draft, save_embedding_layers=False)
    tokenizer.save_pretrained(draft)
    (draft / "training_metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    (draft / "README.md").write_text(model_card(spec, metrics))
    shutil.rmtree(directory, ignore_errors=True)
    draft.rename(directory)


def model_card(spec: JobSpec, metrics: dict[str, Any]) -> str:
    """Markdown with the front matter that model hubs read."""
    title = " ".join(spec.dataset_name.split())
    hyperparameters = _table(
        {
            "Preset": spec.preset,
            "Learning rate": f"{spec.learning_rate:g}",
            "Batch size (pairs a step)": spec.batch_size,
            "Epochs": spec.epochs,
            "Steps": spec.total_steps,
            "LoRA rank": spec.rank,
            "LoRA alpha": f"{spec.alpha:g}",
            "LoRA dropout": f"{spec.dropout:g}",
            "Longest sequence (tokens)": spec.max_sequence_length,
            "Seed": spec.seed,
        }
    )
    evaluation = metrics["evaluation_loss"]
    results = _table(
        {
            "Loss at the first step": f"{metrics['first_loss']:.4f}",
            "Loss at the last step": f"{metrics['final_loss']:.4f}",
            "Evaluation loss": "not evaluated" if evaluation is None else f"{evaluation:.4f}",
            "Tokens processed": f"{metrics['tokens']:,}",
            "Training time (s)": f"{metrics['seconds']:,.0f}",
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
