"""The base model with its LoRA adapter."""

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file

from .base import load_base, within_memory
from .errors import TrainingError, is_out_of_memory
from .protocol import JobSpec


def load_model(spec: JobSpec, *, device: torch.device, precision: torch.dtype) -> Any:
    """The frozen base model on the device, with LoRA (arXiv:2106.09685) on all linear layers. Raises TrainingError."""
    with within_memory(spec, device):
        base = load_base(spec, device=device, precision=precision)
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
    model.config.use_cache = False
    if spec.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    # What others need to load the adapter is the model's name, not where it lies on this machine.
    saved = model.peft_config["default"]
    saved.base_model_name_or_path = spec.model_name
    saved.revision = spec.model_revision or None
    return model


def load_adapted(spec: JobSpec, folder: Path, *, device: torch.device, precision: torch.dtype) -> Any:
    """The base model with a finished adapter, in evaluation mode; within its ``disable_adapter()`` it is the base.

    Raises TrainingError.
    """
    with within_memory(spec, device):
        base = load_base(spec, device=device, precision=precision)
        try:
            return PeftModel.from_pretrained(base, folder).to(device).eval()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            raise TrainingError(
                "adapter_unreadable",
                f"The adapter cannot be loaded onto {spec.model_name} ({str(error).splitlines()[0][:200]}). It may be "
                "of another base model.",
            ) from error


def load_adapter(model: Any, folder: Path) -> None:
    """Set the adapter's weights to those that ``save_pretrained`` wrote."""
    set_peft_model_state_dict(model, load_file(folder / "adapter_model.safetensors"))


def trainable(model: Any) -> list[torch.nn.Parameter]:
    """The adapter's weights, in the model's order."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
