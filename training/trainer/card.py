"""The model card of an adapter: what it was trained on, how, and what came of it. Pure."""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from .plain import Markdown, code, in_yaml, plain
from .progress import Progress
from .protocol import Data, JobSpec
from .windows import CUT, DROP, SPLIT

LABELS = {
    "batch_size": "Batch size (pairs a step)",
    "rank": "LoRA rank",
    "alpha": "LoRA alpha",
    "dropout": "LoRA dropout",
    "max_sequence_length": "Sequence length chosen (tokens)",
}
"""Hyperparameters whose name alone says too little to a card's reader."""

TOO_LONG = {
    SPLIT: {True: "split into pieces", False: "each answer with as much of its history as fits"},
    CUT: {True: "cut at the end", False: "each answer with as much of its history as fits"},
    DROP: {True: "left out", False: "left out"},
}
"""What became of longer rows: choice -> whether they are plain text -> in words."""

NOTES = {
    "system_folded": "System message put before the user's words",
    "tools_as_text": "Tool calls written out as text",
    "tools_left_out": "Tools that the chat template does not write",
    "reasoning_left_out": "Reasoning that the chat template does not write",
    "special_token": "Special tokens trained on as text",
}
"""Kind of problem -> what was done to the conversations that have it; any other is named by itself."""

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
A LoRA adapter for {model}, trained on the data set “{title}” (all linear layers, loss on {learned}).

```python
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer

model = AutoPeftModelForCausalLM.from_pretrained("path/to/this/folder")
tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
```

## Data

{data}

## Hyperparameters

{hyperparameters}

## Results

{results}

Trained with PEFT {peft}. Job {job_id}.
"""


@dataclass(frozen=True)
class Facts:
    """What is told of a run beside its adapter."""

    spec: JobSpec
    counts: Data
    metadata: dict[str, Any]
    """Of the data set's cache: ``is_text``, ``is_dated``, ``date``, ``notes``."""
    longest: int
    """Tokens of the longest sequence that there is."""
    progress: Progress

    @property
    def data(self) -> dict[str, Any]:
        """What there was to train on, as ``training_metrics.json`` has it."""
        return asdict(self.counts) | {
            "longest_sequence": self.longest,
            "longest_sequence_allowed": self.spec.max_sequence_length,
            "too_long": self.spec.too_long,
            "rendered_as_of": self.metadata.get("date") if self.metadata.get("is_dated") else None,
            "notes": self.metadata.get("notes", {}),
        }


def model_card(facts: Facts) -> str:
    """Markdown with the front matter that model hubs read (https://huggingface.co/docs/hub/model-cards)."""
    spec, progress = facts.spec, facts.progress
    revision = f" at revision {code(spec.model_revision)}" if spec.model_revision else ""
    return CARD.format(
        base_model=in_yaml(spec.model_name),
        license=in_yaml(spec.model_license),
        title=plain(spec.dataset_name),
        partial=_partial(spec, progress),
        model=f"{code(spec.model_name)}{revision}",
        learned="the whole text" if facts.metadata.get("is_text") else "the assistant's turns only",
        data=_table(_data(facts)),
        hyperparameters=_table(_hyperparameters(spec, progress)),
        results=_table(_results(progress)),
        peft=version("peft"),
        job_id=code(spec.job_id),
    )


def _partial(spec: JobSpec, progress: Progress) -> str:
    if progress.step == spec.total_steps:
        return ""
    return (
        f"\n**Partial: step {progress.step} of {spec.total_steps}.** The training had not ended when this was "
        "written; the learning rate was still to fall.\n"
    )


def _data(facts: Facts) -> dict[str, object]:
    counts, metadata, spec = facts.counts, facts.metadata, facts.spec
    is_text = bool(metadata.get("is_text"))
    truncated = f"{counts.truncated:,} ({TOO_LONG[spec.too_long][is_text]})" if counts.truncated else "0"
    dated = {"Chat template rendered as of": metadata["date"]} if metadata.get("is_dated") else {}
    notes = {
        NOTES.get(kind, kind.replace("_", " ").capitalize()): f"{count:,} conversations"
        for kind, count in metadata.get("notes", {}).items()
    }
    return {
        "Rows": counts.in_words,
        "Longer than the longest sequence": truncated,
        "Longest sequence allowed (tokens)": f"{spec.max_sequence_length:,}",
        "Longest sequence (tokens)": f"{facts.longest:,}",
        "Pairs trained on": f"{counts.train_pairs:,}",
        "Pairs held out for evaluation": f"{counts.evaluation_pairs:,}",
        "Tokens": f"{counts.total_tokens:,}, of which {counts.trained_tokens:,} are learned",
        **dated,
        **notes,
    }


def _hyperparameters(spec: JobSpec, progress: Progress) -> dict[str, object]:
    chosen = {
        LABELS.get(name, name.replace("_", " ").capitalize()): f"{value:.12g}"
        for name, value in spec.hyperparameters.items()
    }
    revision = {"Base model revision": code(spec.model_revision, in_table=True)} if spec.model_revision else {}
    is_whole = progress.step == spec.total_steps
    return {
        **revision,
        "Preset": spec.preset,
        **chosen,
        "Steps": spec.total_steps if is_whole else f"{progress.step} of {spec.total_steps}",
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
    cells = ((plain(name), value if isinstance(value, Markdown) else plain(str(value))) for name, value in rows.items())
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in cells)])
