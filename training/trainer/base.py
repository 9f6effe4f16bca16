"""The base model and its tokenizer, as they were published."""

import contextlib
import importlib.util
from collections.abc import Iterator
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, PreTrainedTokenizerBase

from .device_memory import out_of_memory_loading
from .errors import TrainingError, is_out_of_memory
from .source import Source


def load_tokenizer(source: Source) -> PreTrainedTokenizerBase:
    """Raises TrainingError when the model is not there or has no chat template."""
    tokenizer = _load(AutoTokenizer, source)
    if not tokenizer.chat_template:
        raise TrainingError(
            "model_unreadable",
            f"{source.model_name} has no chat template, so conversations cannot be written for it. Choose an instruct "
            "(chat) model.",
        )
    if not tokenizer.is_fast:
        raise TrainingError("model_unreadable", f"{source.model_name} has no fast tokenizer (tokenizer.json).")
    return tokenizer


def load_config(source: Source) -> Any:
    """The language model's own configuration. Raises TrainingError."""
    return _load(AutoConfig, source).get_text_config()


def load_base(source: Source, *, device: torch.device, precision: torch.dtype) -> Any:
    """The model, on the device only where it is quantized. Raises TrainingError."""
    return _load(AutoModelForCausalLM, source, dtype=precision, **_quantization(source, device, precision))


@contextlib.contextmanager
def within_memory(source: Source, device: torch.device) -> Iterator[None]:
    """While the model is loaded: raises TrainingError where it does not fit."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise out_of_memory_loading(source, device) from error


def positions(source: Source) -> int | None:
    """The longest sequence that the model reads, in tokens; ``None`` where its configuration does not say."""
    found = getattr(load_config(source), "max_position_embeddings", None)
    return found if isinstance(found, int) and found > 0 else None


def require_positions(source: Source, longest: int) -> None:
    """Raises TrainingError where the base model has fewer positions than a sequence of ``longest`` tokens.

    A model whose configuration does not say how many it has is taken to have enough.
    """
    there = positions(source)
    if there is not None and there < longest:
        raise TrainingError(
            "too_long",
            f"{source.model_name} reads {there:,} tokens at most, but the longest sequence to train on has "
            f"{longest:,}. Choose a sequence length of {there:,} tokens or fewer.",
            {"positions": float(there), "longest_sequence": float(longest)},
        )


def _quantization(source: Source, device: torch.device, precision: torch.dtype) -> dict[str, Any]:
    """Options to load the linear layers in 4-bit NormalFloat with quantized constants (QLoRA, arXiv:2305.14314)."""
    if source.quantization == "none":
        return {}
    if source.quantization != "nf4":
        raise TrainingError("bad_job", f"The quantization “{source.quantization}” is none of none, nf4.")
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


def _load(loader: Any, source: Source, **options: Any) -> Any:
    revision = {"revision": source.model_revision} if source.model_revision else {}
    try:
        return loader.from_pretrained(source.model, **revision, **options)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(
            "model_not_found",
            f"The base model {source.model_name} cannot be loaded from “{source.model}” on this worker. Correct its "
            f"source in the admin, or put the model there ({str(error).splitlines()[0][:200]}).",
        ) from error
