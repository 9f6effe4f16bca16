"""The base model with its LoRA adapter."""

from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from .errors import TrainingError
from .protocol import JobSpec


def load_tokenizer(spec: JobSpec) -> PreTrainedTokenizerBase:
    """Raises TrainingError when the model is not there or has no chat template."""
    tokenizer = _load(AutoTokenizer, spec)
    if not tokenizer.chat_template:
        raise TrainingError(
            "model_unreadable",
            f"{spec.model_name} has no chat template, so conversations cannot be written for it. Choose an instruct "
            "(chat) model.",
        )
    if not tokenizer.is_fast:
        raise TrainingError("model_unreadable", f"{spec.model_name} has no fast tokenizer (tokenizer.json).")
    return tokenizer


def load_model(spec: JobSpec, *, device: torch.device, precision: torch.dtype) -> Any:
    """The frozen base model on the device, with LoRA on all linear layers. Raises TrainingError."""
    base = _load(AutoModelForCausalLM, spec, dtype=precision)
    torch.manual_seed(spec.seed)  # before the adapter is made: its A matrices are drawn at random
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=spec.rank,
        lora_alpha=spec.alpha,
        lora_dropout=spec.dropout,
        target_modules="all-linear",
        bias="none",
    )
    model = get_peft_model(base, config).to(device)
    # What others need to load the adapter is the model's name, not where it lies on this machine.
    model.peft_config["default"].base_model_name_or_path = spec.model_name
    return model


def _load(loader: Any, spec: JobSpec, **options: Any) -> Any:
    try:
        return loader.from_pretrained(spec.model, **options)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(
            "model_not_found",
            f"The base model {spec.model_name} cannot be loaded from “{spec.model}” on this worker. Correct its source "
            f"in the admin, or put the model there ({str(error).splitlines()[0][:200]}).",
        ) from error


def trainable(model: Any) -> list[torch.nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
