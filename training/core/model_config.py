"""What a Hugging Face ``config.json`` says of a language model: its dimensions, or why they would mislead.

Only a decoder whose blocks are all attention and one dense MLP is read. Anything else (experts, recurrent layers, an
encoder, compressed attention, layers of unequal width) is refused, and its memory is not known: taken for dense it
would be wrong by any factor.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Config = Mapping[str, Any]

UNGATED_TYPES = frozenset({
    "phi", "falcon", "gpt_neox", "gpt_neo", "gptj", "gpt2", "gpt_bigcode", "codegen", "bloom", "mpt", "starcoder2",
    "opt", "persimmon", "nemotron", "arcee", "apertus", "nanochat", "stablelm_alpha",
})  # fmt: skip
ONE_NORM_TYPES = frozenset({"phi", "gptj", "codegen", "cohere", "cohere2"})
"""Attention and MLP run beside each other and read one normed input."""
FOUR_NORM_TYPES = frozenset({"gemma2", "gemma3", "gemma3_text", "vaultgemma", "glm4"})
"""A norm before and another after both attention and MLP."""
QUERY_NORM_TYPES = frozenset(
    {"qwen3", "gemma3", "gemma3_text", "olmo2", "olmo3", "exaone4", "apertus", "hunyuan_v1_dense", "nanochat"}
)
SOFT_CAPPED_TYPES = frozenset({"gemma2", "vaultgemma"})
"""Capped unless config.json says that they are not."""
TIED_TYPES = frozenset({
    "gemma", "gemma2", "gemma3", "gemma3_text", "vaultgemma", "falcon", "gpt2", "gpt_neo", "gpt_bigcode", "bloom",
    "mpt", "opt", "starcoder2", "cohere", "cohere2", "smollm3", "ernie4_5",
})  # fmt: skip
"""Embedding and output layer are one unless config.json says that they are not, as transformers has it."""

EXPERT_TYPES = frozenset({
    "mixtral", "dbrx", "jetmoe", "grok-1", "gpt_oss", "llama4", "llama4_text", "deepseek_v2", "deepseek_v3", "arctic",
})  # fmt: skip
EXPERT_KEY = re.compile(r"expert|(^|_)moe(_|$)", re.IGNORECASE)
EXPERT_COUNT = re.compile(r"^(num|n)_(\w+_)?experts$|^moe_num_experts$|^num_moe_experts$")
"""A key that counts experts; one expert is a dense MLP."""
RECURRENT_TYPES = frozenset({
    "mamba", "mamba2", "falcon_mamba", "rwkv", "rwkv5", "recurrent_gemma", "lfm2", "xlstm", "retnet", "hyena",
})  # fmt: skip
RECURRENT_KEY = re.compile(
    r"mamba|ssm|rwkv|hybrid|^state_size$|^d_state$|^lru_width$|^conv_l_cache$|^attn_layer_(period|indices|offset)$"
    r"|^full_attn_idxs$|^full_attention_interval$|^linear_(attn|attention|num|key|value|conv)",
    re.IGNORECASE,
)
LAYER_KINDS = ("layer_types", "layers_block_type", "block_types", "_block_types")
ATTENTION_KINDS = frozenset({"attention", "full_attention", "sliding_attention", "chunked_attention"})
ENCODER_KEYS = ("encoder", "decoder", "encoder_layers", "decoder_layers", "num_encoder_layers", "num_decoder_layers")
NO_PARTS = ("quantization_config", "id2label", "label2id")
"""What a configuration holds that describes no part of the model."""
LANGUAGE_MODELS = ("text_config", "llm_config", "language_config")
"""Where a multimodal model's configuration has that of its language model."""


class UnknownArchitecture(ValueError):
    """A ``config.json`` that does not say what is needed; the message says what is missing."""


def dimensions(config: Config) -> dict[str, int | bool]:
    """The fields of ``Architecture``; of a multimodal model, those of its language model.

    Raises:
        UnknownArchitecture: a dimension is missing, or it is no dense decoder.
    """
    text = _language_model(config)
    if reason := _why_not_dense(config, text):
        raise UnknownArchitecture(reason)
    hidden = _figure(text, "hidden_size", "n_embd", "d_model")
    heads = _figure(text, "num_attention_heads", "n_head", "n_heads")
    return {
        "hidden_size": hidden,
        "layers": _figure(text, "num_hidden_layers", "n_layer", "n_layers"),
        "heads": heads,
        "kv_heads": _kv_heads(text, heads),
        "head_size": _optional(text, "head_dim") or hidden // max(heads, 1),
        "intermediate_size": _optional(text, "intermediate_size", "ffn_hidden_size", "n_inner") or 4 * hidden,
        "vocabulary": _figure(text, "vocab_size"),
        "tied_embeddings": _is_tied(config, text),
        "gated": _kind(text) not in UNGATED_TYPES,
        "norms": _norms(text),
        "query_norms": _has_query_norms(text),
        "soft_capped_scores": _is_capped(text, "attn_logit_softcapping"),
        "soft_capped_logits": _is_capped(text, "final_logit_softcapping"),
    }


def _language_model(config: Config) -> Config:
    return next((config[name] for name in LANGUAGE_MODELS if isinstance(config.get(name), Mapping)), config)


def _kind(config: Config) -> str:
    return str(config.get("model_type") or "")


def _why_not_dense(config: Config, text: Config) -> str:
    """What keeps it from being counted as a dense decoder, or nothing ("")."""
    if any(_has_experts(part) for part in _parts(config)):
        return "it is a mixture of experts, whose memory is not modelled"
    if _is_recurrent(text):
        return "it has recurrent or convolutional layers, whose memory is not modelled"
    if any(part.get("is_encoder_decoder") for part in (config, text)) or any(text.get(name) for name in ENCODER_KEYS):
        return "it has an encoder, whose memory is not modelled"
    if text.get("kv_lora_rank"):
        return "its attention is compressed (multi-head latent attention), whose memory is not modelled"
    return ""


def _parts(config: Config) -> Iterator[Config]:
    """The configuration and every one inside it."""
    yield config
    for name, value in config.items():
        if isinstance(value, Mapping) and name not in NO_PARTS:
            yield from _parts(value)


def _has_experts(config: Config) -> bool:
    kind = _kind(config).lower()
    return kind in EXPERT_TYPES or "moe" in kind or any(_means_experts(*item) for item in config.items())


def _means_experts(name: str, value: object) -> bool:
    """A key about experts that is set: in a dense model's file they may stand, as nothing, 0, "no" or one expert."""
    if isinstance(value, Mapping) or not value or not EXPERT_KEY.search(name):
        return False
    return value is True or value != 1 or not EXPERT_COUNT.match(name)


def _is_recurrent(config: Config) -> bool:
    kinds = {kind for name in LAYER_KINDS for kind in _listed(config.get(name))}
    is_set = any(value and RECURRENT_KEY.search(name) for name, value in config.items())
    return is_set or _kind(config) in RECURRENT_TYPES or bool(kinds - ATTENTION_KINDS)


def _listed(value: object) -> list[str]:
    """Names of a list that may itself hold lists."""
    if isinstance(value, list | tuple):
        return [name for each in value for name in _listed(each)]
    return [value] if isinstance(value, str) else []


def _kv_heads(config: Config, heads: int) -> int:
    """Falcon's and GPT-BigCode's older files say by other keys that all heads share one key."""
    if stated := _optional(config, "num_key_value_heads", "num_kv_heads", "n_head_kv"):
        return stated if not _is_old_falcon(config) else 1 if config.get("multi_query", True) else heads
    return 1 if config.get("multi_query") and not config.get("new_decoder_architecture") else heads


def _is_old_falcon(config: Config) -> bool:
    return _kind(config) == "falcon" and not config.get("new_decoder_architecture")


def _norms(config: Config) -> int:
    """How many norms of a block read a tensor of the hidden size."""
    if _kind(config) in FOUR_NORM_TYPES:
        return 4
    shares_one = _is_old_falcon(config) and config.get("parallel_attn", True)
    return 1 if shares_one or _kind(config) in ONE_NORM_TYPES else 2


def _has_query_norms(config: Config) -> bool:
    stated = ("use_qk_norm", "qk_layernorm", "use_qk_layernorm", "qk_norm")
    return _kind(config) in QUERY_NORM_TYPES or any(bool(config.get(name)) for name in stated)


def _is_capped(config: Config, name: str) -> bool:
    return bool(config.get(name, _kind(config) in SOFT_CAPPED_TYPES))


def _is_tied(config: Config, text: Config) -> bool:
    for part in (text, config):
        if part.get("tie_word_embeddings") is not None:
            return bool(part["tie_word_embeddings"])
    return _kind(text) in TIED_TYPES


def _optional(config: Config, *names: str) -> int | None:
    """The first of ``names`` that is set. Raises UnknownArchitecture where it is no integer."""
    for name in names:
        value = config.get(name)
        if value is None or value is False:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise UnknownArchitecture(f"its {name} is no single number")
        return value
    return None


def _figure(config: Config, *names: str) -> int:
    """The first of ``names`` that is set. Raises UnknownArchitecture where none is."""
    if (value := _optional(config, *names)) is None:
        raise UnknownArchitecture(f"its config.json has no {names[0]}")
    return value
