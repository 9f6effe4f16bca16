"""The base model with its LoRA adapter."""

import importlib.util
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, PreTrainedTokenizerBase

from .device_memory import out_of_memory_loading
from .errors import TrainingError, is_out_of_memory
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


def require_positions(spec: JobSpec, longest: int) -> None:
    """Raises TrainingError where the base model has fewer positions than a sequence of ``longest`` tokens.

    A model whose configuration does not say how many it has is taken to have enough.
    """
    positions = getattr(_load(AutoConfig, spec).get_text_config(), "max_position_embeddings", None)
    if isinstance(positions, int) and 0 < positions < longest:
        raise TrainingError(
            "too_long",
            f"{spec.model_name} reads {positions:,} tokens at most, but the longest sequence to train on has "
            f"{longest:,}. Choose a sequence length of {positions:,} tokens or fewer.",
            {"positions": float(positions), "longest_sequence": float(longest)},
        )


def load_model(spec: JobSpec, *, device: torch.device, precision: torch.dtype) -> Any:
    """The frozen base model on the device, with LoRA (arXiv:2106.09685) on all linear layers. Raises TrainingError."""
    try:
        base = _load(AutoModelForCausalLM, spec, dtype=precision, **_quantization(spec, device, precision))
        torch.manual_seed(spec.seed)  # before the adapter is made: its A matrices are drawn at random
        config = LoraConfig(
            task_type="CAUSAL_LM",
            r=int(spec.hyperparameters["rank"]),
            lora_alpha=spec.hyperparameters["alpha"],
            lora_dropout=spec.hyperparameters["dropout"],
            target_modules="all-linear",
            bias="none",
        )
        model = get_peft_model(base, config).to(device)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise out_of_memory_loading(spec, device) from error
    model.config.use_cache = False
    if spec.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    # What others need to load the adapter is the model's name, not where it lies on this machine.
    saved = model.peft_config["default"]
    saved.base_model_name_or_path = spec.model_name
    saved.revision = spec.model_revision or None
    return model


def load_adapter(model: Any, folder: Path) -> None:
    """Set the adapter's weights to those that ``save_pretrained`` wrote."""
    set_peft_model_state_dict(model, load_file(folder / "adapter_model.safetensors"))


def trainable(model: Any) -> list[torch.nn.Parameter]:
    """The adapter's weights, in the model's order."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _quantization(spec: JobSpec, device: torch.device, precision: torch.dtype) -> dict[str, Any]:
    """Options to load the linear layers in 4-bit NormalFloat with quantized constants (QLoRA, arXiv:2305.14314)."""
    if spec.quantization == "none":
        return {}
    if spec.quantization != "nf4":
        raise TrainingError("bad_job", f"The quantization “{spec.quantization}” is none of none, nf4.")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise TrainingError(
            "quantization_unavailable",
            "Loading the base model in 4 bits needs the package bitsandbytes, which this worker does not have. "
            "Install it there (pip install bitsandbytes), or choose no quantization.",
        )
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=precision,
    )
    return {"quantization_config": config, "device_map": {"": device}}


def _load(loader: Any, spec: JobSpec, **options: Any) -> Any:
    revision = {"revision": spec.model_revision} if spec.model_revision else {}
    try:
        return loader.from_pretrained(spec.model, **revision, **options)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(
            "model_not_found",
            f"The base model {spec.model_name} cannot be loaded from “{spec.model}” on this worker. Correct its source "
            f"in the admin, or put the model there ({str(error).splitlines()[0][:200]}).",
        ) from error
