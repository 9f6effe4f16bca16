"""What config.json says of a model: families that differ, and what is no dense decoder is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.core.architecture import Architecture, UnknownArchitecture

DENSE = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
}
EXPERTS = [
    {"num_local_experts": 8, "num_experts_per_tok": 2},  # Mixtral
    {"num_experts": 128, "moe_intermediate_size": 768},  # Qwen3-MoE
    {"n_routed_experts": 64, "n_shared_experts": 2, "first_k_dense_replace": 1},  # DeepSeek
    {"moe_num_experts": 8, "moe_top_k": 2},  # JetMoE
    {"ffn_config": {"moe_num_experts": 16}},  # DBRX
    {"num_experts_per_tok": 1},
    {"num_experts_per_token": 2},
    {"num_moe_experts": 4},
    {"moe_intermediate_size": 1408},
    {"enable_moe_block": True, "top_k_experts": 8},  # Gemma 4
    {"moe_layers": [1, 3, 5]},
    {"num_experts": [1, 64]},
    {"model_type": "mixtral"},
    {"model_type": "qwen2_moe"},
    {"model_type": "granitemoe"},
]
RECURRENT = [
    {"model_type": "mamba2"},
    {"mamba_d_state": 16, "attn_layer_period": 8},  # Jamba
    {"mamba_d_ssm": 4096},  # Falcon-H1
    {"layer_types": ["linear_attention", "linear_attention", "full_attention"]},  # Qwen3-Next
    {"layers_block_type": ["recurrent", "attention"]},
    {"block_types": ["recurrent", "recurrent", "attention"]},  # RecurrentGemma
    {"hybrid_override_pattern": "M-M*-"},  # Nemotron-H
    {"layer_types": ["conv", "full_attention"]},  # LFM2
    {"linear_num_key_heads": 16},
    {"lru_width": 2560},
]
ENCODERS = [
    {"is_encoder_decoder": True},
    {"encoder": {"hidden_size": 64}, "decoder": {"hidden_size": 64}},
    {"encoder_layers": 12, "decoder_layers": 12},
    {"num_decoder_layers": 12},
]
STILL_DENSE = [
    {"num_experts": None, "moe_intermediate_size": None, "enable_moe_block": False},  # Gemma 4, dense
    {"num_local_experts": 0, "num_experts_per_tok": 0},
    {"num_experts": 1},
    {"layer_types": ["sliding_attention", "full_attention"]},
    {"is_encoder_decoder": False},
    {"label2id": {"expert": 1}, "quantization_config": {"moe_bits": 4}},
]


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        *((keys, "mixture of experts") for keys in EXPERTS),
        *((keys, "recurrent") for keys in RECURRENT),
        *((keys, "encoder") for keys in ENCODERS),
        ({"kv_lora_rank": 512}, "compressed"),
    ],
    ids=str,
)
def test_what_is_no_dense_decoder_is_refused(keys, reason, nested):
    config = DENSE | keys
    with pytest.raises(UnknownArchitecture, match=reason):
        Architecture.from_config({"model_type": "seen", "text_config": config} if nested else config)


@given(
    st.sampled_from(["num", "n", "moe", "local", "routed", "shared", "top_k", "moe_num"]),
    st.sampled_from(["experts", "expert", "local_experts", "routed_experts", "experts_per_tok", "expert_groups"]),
    st.integers(2, 1024) | st.just(True) | st.lists(st.integers(2, 64), min_size=1),
)
def test_any_key_that_means_experts_is_refused(start, end, value):
    with pytest.raises(UnknownArchitecture, match="mixture of experts"):
        Architecture.from_config(DENSE | {f"{start}_{end}": value})


@pytest.mark.parametrize("keys", STILL_DENSE, ids=str)
def test_a_dense_model_may_say_that_it_has_no_experts(keys):
    assert Architecture.from_config(DENSE | keys) == Architecture.from_config(DENSE)


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        ({"model_type": "gemma"}, {"norms": 2, "tied_embeddings": True}),
        (
            {"model_type": "gemma2", "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0},
            {"norms": 4, "soft_capped_scores": True, "soft_capped_logits": True, "tied_embeddings": True},
        ),
        (
            {"model_type": "gemma2", "attn_logit_softcapping": None},
            {"soft_capped_scores": False, "soft_capped_logits": True},
        ),
        (
            {"model_type": "gemma3_text"},
            {"norms": 4, "query_norms": True, "soft_capped_scores": False, "soft_capped_logits": False},
        ),
        ({"model_type": "qwen3"}, {"norms": 2, "query_norms": True}),
        ({"model_type": "qwen2"}, {"norms": 2, "query_norms": False, "tied_embeddings": False}),
        ({"model_type": "stablelm", "qk_layernorm": True}, {"query_norms": True}),
        ({"model_type": "phi"}, {"norms": 1, "gated": False}),
        ({"model_type": "falcon", "multi_query": True}, {"norms": 1, "kv_heads": 1, "tied_embeddings": True}),
        (
            {"model_type": "falcon", "new_decoder_architecture": True, "num_kv_heads": 16, "num_key_value_heads": None},
            {"norms": 2, "kv_heads": 16},
        ),
        ({"tie_word_embeddings": True}, {"tied_embeddings": True}),
    ],
    ids=str,
)
def test_where_families_differ_from_a_llama_block(keys, fields):
    model = Architecture.from_config(DENSE | keys)
    assert {name: getattr(model, name) for name in fields} == fields


@given(
    st.sampled_from(sorted(DENSE)),
    st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.integers()) | st.integers(-5, 10**12),
)
def test_a_file_with_anything_in_it_is_read_or_refused(name, value):
    with suppress(UnknownArchitecture):
        assert Architecture.from_config(DENSE | {name: value}).parameters > 0
