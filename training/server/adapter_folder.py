"""What an adapter's folder must hold to be served beside others on one base model.

Served is plain LoRA (arXiv:2106.09685) on linear layers, as the trainer writes it. Whatever would change the base
model itself is refused: with it, the base would answer with what it was tuned to.
"""

import os
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftConfig
from safetensors import SafetensorError, safe_open

from .errors import unknown, wrong

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
MAY_DIFFER = frozenset(
    {"task_type", "peft_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision", "inference_mode"}
    | {"r", "lora_alpha", "lora_dropout", "rank_pattern", "alpha_pattern", "use_rslora", "fan_in_fan_out"}
    | {"target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"}
)
"""Fields of a LoRA configuration; all others must be as they are by default."""
INITIAL = (True, False, "gaussian")
"""Ways to draw the first weights that leave the base model as it is (the others take a part out of it)."""
BYTES_PER_WEIGHT = 4  # PEFT keeps adapters in float32, whatever they were saved in
NAME = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<part>[AB])\.weight")

Sizes = dict[str, tuple[int, int]]
"""Linear layer -> features that go in and come out."""


def linear_sizes(model: Any) -> Sizes:
    """Of a base model that no adapter was put on yet."""
    sizes: Sizes = {}
    for name, module in model.named_modules():
        if hasattr(module, "in_features") and hasattr(module, "out_features"):
            sizes[name] = (module.in_features, module.out_features)
        elif type(module).__name__ == "Conv1D":  # GPT-2's linear layer, whose weight lies the other way
            sizes[name] = tuple(module.weight.shape)
    return sizes


def check(folder: str, sizes: Sizes, *, base: str) -> int:
    """Bytes that the adapter takes in memory. Raises ApiError where it is none, or none for this base model."""
    if not all(os.path.isfile(os.path.join(folder, name)) for name in (CONFIG, WEIGHTS)):
        raise unknown(f"“{folder}” is no folder with {CONFIG} and {WEIGHTS} on this host.", "lora_path")
    config = _config(folder)
    ranks = {config.r, *config.rank_pattern.values()}
    shapes = _shapes(Path(folder, WEIGHTS))
    for name, shape in shapes.items():
        module, is_first = _placed(name, shape)
        _require_fits(name, shape[1 if is_first else 0], sizes, (module, is_first), base)
        if shape[0 if is_first else 1] not in ranks:
            raise wrong(f"The adapter's {name} has another rank than its {CONFIG} says.", "lora_path")
        if f"base_model.model.{module}.lora_{'B' if is_first else 'A'}.weight" not in shapes:
            raise wrong(f"The adapter is not whole: {name} has no counterpart.", "lora_path")
    return sum(rows * columns for rows, columns in shapes.values()) * BYTES_PER_WEIGHT


def _config(folder: str) -> LoraConfig:
    """One that leaves the base model as it is. Raises ApiError."""
    try:
        config = PeftConfig.from_pretrained(folder)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise wrong(f"The adapter's {CONFIG} cannot be read: {error}.", "lora_path") from error
    if not isinstance(config, LoraConfig):
        raise wrong(f"The adapter is of the kind {config.peft_type}; only LoRA is served.", "lora_path")
    if not any(config.init_lora_weights == way for way in INITIAL):
        raise wrong("The adapter was begun with a part of the base model's weights, which would change.", "lora_path")
    for field in fields(LoraConfig):
        if field.name in MAY_DIFFER or field.name == "init_lora_weights" or field.default is MISSING:
            continue
        value = getattr(config, field.name)
        if value and value != field.default:
            raise wrong(f"The adapter's “{field.name}” is set, which is not served: plain LoRA alone is.", "lora_path")
    return config


def _shapes(file: Path) -> dict[str, tuple[int, ...]]:
    try:
        with safe_open(file, framework="pt") as weights:
            return {name: tuple(weights.get_slice(name).get_shape()) for name in weights.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise wrong(f"The adapter's {WEIGHTS} cannot be read: {error}.", "lora_path") from error


def _placed(name: str, shape: tuple[int, ...]) -> tuple[str, bool]:
    """The layer that a weight changes, and whether it is the first of its two matrices. Raises ApiError."""
    found = NAME.fullmatch(name)
    if found is None or len(shape) != 2:
        raise wrong(f"The adapter holds “{name}”, which is not served: plain LoRA alone is.", "lora_path")
    return found["module"], found["part"] == "A"


def _require_fits(name: str, features: int, sizes: Sizes, place: tuple[str, bool], base: str) -> None:
    module, is_first = place
    if module not in sizes:
        raise wrong(f"The adapter is of another model: it changes “{module}”, which {base} does not have.", "lora_path")
    there = sizes[module][0 if is_first else 1]
    if features != there:
        raise wrong(
            f"The adapter is of another model: its {name} is for {features} features, but “{module}” of {base} has "
            f"{there}.",
            "lora_path",
        )
