"""A byte-level tokenizer in GGUF's header: tokens, merges, how text is split beforehand, the chat template."""

import json
from typing import Any

import gguf

from training.trainer.errors import TrainingError

LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
Step = tuple[str, dict[str, Any]]
SPLITS: dict[str, list[Step]] = {
    "gpt-2": [("ByteLevel", {"use_regex": True})],
    "smollm": [("Digits", {"individual_digits": True}), ("ByteLevel", {"use_regex": True})],
    "llama-bpe": [("Split", {"pattern": {"Regex": LLAMA_3}}), ("ByteLevel", {"use_regex": False})],
}
"""llama.cpp's name of a split -> the steps of tokenizer.json that it stands for, with what must be set in them."""


def describe(writer: gguf.GGUFWriter, tokenizer: Any, *, size: int) -> None:
    """Write the tokenizer into the header.

    Args:
        writer: of the GGUF file.
        tokenizer: of Transformers, fast.
        size: entries of the model's vocabulary; what the tokenizer lacks of them is filled up.

    Raises:
        TrainingError: it is not byte-level BPE, or splits text in a way that llama.cpp is not known to have.
    """
    parts = json.loads(tokenizer.backend_tokenizer.to_str())
    if parts["model"]["type"] != "BPE" or parts["model"].get("byte_fallback"):
        raise _refused("is no byte-level BPE")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(split_name(parts))
    tokens, types = vocabulary(tokenizer, size)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    merges = parts["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    for name in ("bos", "eos", "unk", "pad"):
        if (token := getattr(tokenizer, f"{name}_token_id")) is not None:
            getattr(writer, f"add_{name}_token_id")(token)
    writer.add_add_bos_token(adds_begin(tokenizer))
    writer.add_chat_template(tokenizer.get_chat_template())


def vocabulary(tokenizer: Any, size: int) -> tuple[list[str], list[int]]:
    """Each entry's text and type (``gguf.TokenType``), by id."""
    texts = {token: text for text, token in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    kinds = {True: gguf.TokenType.CONTROL, False: gguf.TokenType.USER_DEFINED}
    types = {token: kinds[bool(one.special)] for token, one in added.items()}
    return (
        [texts.get(token, f"[PAD{token}]") for token in range(size)],
        [types.get(token, gguf.TokenType.NORMAL if token in texts else gguf.TokenType.UNUSED) for token in range(size)],
    )


def split_name(parts: dict[str, Any]) -> str:
    """llama.cpp's name for how a tokenizer.json splits text. Raises TrainingError."""
    splitter = parts.get("pre_tokenizer") or {}
    steps = splitter.get("pretokenizers", [splitter])
    for name, wanted in SPLITS.items():
        if parts.get("normalizer") is None and len(steps) == len(wanted) and all(map(_is, steps, wanted)):
            return name
    raise _refused("splits text in a way that llama.cpp is not known to have")


def adds_begin(tokenizer: Any) -> bool:
    """Whether it puts the token for a text's beginning before a text by itself."""
    return bool(tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id)


def _is(step: dict[str, Any], wanted: Step) -> bool:
    kind, settings = wanted
    is_set = all(step.get(name) == value for name, value in settings.items())
    return bool(step.get("type") == kind and not step.get("add_prefix_space", False) and is_set)


def _refused(reason: str) -> TrainingError:
    return TrainingError(
        "not_exportable", f"The model's tokenizer {reason}, so it cannot be exported as GGUF. Export the merged "
        "safetensors instead.",
    )  # fmt: skip
