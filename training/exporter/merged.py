"""The adapter merged into its base model, as safetensors in 16 bits: a model like any other."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from training.exporter.card import merged_card
from training.trainer.base import load_config, load_tokenizer
from training.trainer.model import load_adapted
from training.trainer.protocol import JobSpec

LARGEST_FILE = "4GB"
SIXTEEN_BITS = (torch.bfloat16, torch.float16)


class Merged:
    """Weights, tokenizer with its template, generation config and model card."""

    read_back_by = "transformers"

    def write(self, run: JobSpec, adapter: Path, target: Path) -> None:
        """As ``Format.write``."""
        model = merged_model(run, adapter)
        model.to(sixteen_bits(run, model)).save_pretrained(target, max_shard_size=LARGEST_FILE)
        load_tokenizer(run).save_pretrained(target)
        (target / "README.md").write_text(merged_card(run, adapter))

    def load(self, run: JobSpec, target: Path, *, device: torch.device, precision: torch.dtype) -> Any:
        """As ``Format.load``: as anybody loads it."""
        return AutoModelForCausalLM.from_pretrained(target, dtype=precision).to(device).eval()


def merged_model(run: JobSpec, adapter: Path) -> Any:
    """Base and adapter as one model on the CPU, in fp32: a merge in 16 bits would round what the adapter adds away.

    Raises TrainingError.
    """
    adapted = load_adapted(run, adapter, device=torch.device("cpu"), precision=torch.float32)
    return adapted.merge_and_unload(safe_merge=True)


def sixteen_bits(run: JobSpec, model: Any) -> torch.dtype:
    """What the base is published in, if that has 16 bits; else fp16, more exact than bf16, where no weight is too large
    for it."""
    published = getattr(load_config(run), "dtype", None)
    if published in SIXTEEN_BITS:
        return published
    largest = max(float(weight.abs().max()) for weight in model.parameters())
    return torch.float16 if largest < torch.finfo(torch.float16).max else torch.bfloat16
