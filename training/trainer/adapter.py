"""The adapter as a folder that ``peft`` loads, with its model card."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from .card import Facts, model_card


def write_adapter(folder: Path, model: Any, tokenizer: PreTrainedTokenizerBase, facts: Facts) -> None:
    """Weights (safetensors), configuration, tokenizer, model card and metrics, into a new folder."""
    model.save_pretrained(folder, save_embedding_layers=False)
    tokenizer.save_pretrained(folder)
    metrics = asdict(facts.progress) | {"total_steps": facts.spec.total_steps, "data": facts.data}
    (folder / "training_metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    (folder / "README.md").write_text(model_card(facts))
