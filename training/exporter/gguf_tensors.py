"""The Llama architecture in GGUF: names, the order of rows, what the header says of its dimensions.

As llama.cpp's ``conversion/llama.py`` writes it. The package ``gguf`` writes and reads files and knows the names; which
architecture is written how is in llama.cpp's scripts, of which no maintained package exists.
"""

from collections.abc import Iterator
from typing import Any, NoReturn

import gguf
import torch

from training.trainer.errors import TrainingError

ARCHITECTURE = gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.LLAMA]
SUPPORTED = "LlamaForCausalLM"
ROPE = ("default", "llama3")
LINEAR = (
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
    "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
)  # fmt: skip


def require_llama(config: Any, name: str) -> None:
    """Raises TrainingError for every model that cannot be written: other architectures, biases, other positions."""
    architecture = (config.architectures or [config.model_type])[0]
    reason = ""
    if architecture != SUPPORTED:
        reason = f"only Llama models ({SUPPORTED}: SmolLM2, Llama 3) are written as GGUF, and this is a {architecture}"
    elif config.attention_bias or config.mlp_bias:
        reason = "its linear layers have biases"
    elif (kind := config.rope_parameters.get("rope_type", "default")) not in ROPE:
        reason = f"its positions are of the kind “{kind}”"
    if reason:
        raise TrainingError(
            "not_exportable", f"{name} cannot be exported as GGUF: {reason}. Export the merged safetensors instead."
        )


def describe(writer: gguf.GGUFWriter, config: Any) -> None:
    """Write the dimensions into the header."""
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_rope_dimension_count(head_size(config))
    writer.add_key_length(head_size(config))
    writer.add_value_length(head_size(config))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)


def named_tensors(model: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Every weight by its GGUF name, its rows in llama.cpp's order; tied embeddings stand once."""
    names = tensor_names(model.config)
    for name, tensor in model.state_dict().items():
        if not (name == "lm_head.weight" and model.config.tie_word_embeddings):
            known = names.get_name(name, try_suffixes=(".weight",)) or _unknown(name)
            yield known, rows_for_gguf(name, tensor, model.config)
    factors = rope_factors(model)
    if factors is not None:
        yield "rope_freqs.weight", factors


def tensor_names(config: Any) -> gguf.TensorNameMap:
    """From Transformers' names to GGUF's."""
    return gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)


def modules_by_name(config: Any) -> dict[str, str]:
    """The linear layers of the blocks: GGUF's name -> Transformers' name."""
    names = tensor_names(config)
    modules = [f"model.layers.{layer}.{part}" for layer in range(config.num_hidden_layers) for part in LINEAR]
    return {names.get_name(module) or _unknown(module): module for module in modules}


def rows_for_gguf(name: str, rows: torch.Tensor, config: Any) -> torch.Tensor:
    """Of queries and keys, the rows that are turned together lie beside each other in GGUF, and half a head apart in
    Transformers; of all else, the rows as they are."""
    heads = _heads(name, config)
    if not heads:
        return rows
    return rows.reshape(heads, 2, len(rows) // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def rows_from_gguf(name: str, rows: torch.Tensor, config: Any) -> torch.Tensor:
    """The inverse of ``rows_for_gguf``."""
    heads = _heads(name, config)
    if not heads:
        return rows
    return rows.reshape(heads, len(rows) // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def rope_factors(model: Any) -> torch.Tensor | None:
    """By what llama.cpp divides each frequency of the positions (Llama 3.1); ``None`` where they are the plain ones."""
    if model.config.rope_parameters.get("rope_type", "default") == "default":
        return None
    return plain_frequencies(model.config) / model.model.rotary_emb.inv_freq.float().cpu()


def plain_frequencies(config: Any) -> torch.Tensor:
    """Of rotary positions (arXiv:2104.09864, section 3.2.2), one for each two features of a head."""
    size = head_size(config)
    exponents = torch.arange(0, size, 2, dtype=torch.int64).float() / size
    return 1.0 / (config.rope_parameters["rope_theta"] ** exponents)


def head_size(config: Any) -> int:
    """Features of one attention head."""
    size: int = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return size


def _heads(name: str, config: Any) -> int:
    if ".q_proj." in f"{name}.":
        return int(config.num_attention_heads)
    return int(config.num_key_value_heads) if ".k_proj." in f"{name}." else 0


def _unknown(name: str) -> NoReturn:
    raise TrainingError("not_exportable", f"{name} has no name in GGUF. Export the merged safetensors instead.")
