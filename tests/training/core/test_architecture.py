"""Dimensions from config.json, and the catalogue's figures against the published numbers of parameters."""

import importlib

import pytest

from training.core.architecture import Architecture, UnknownArchitecture

SEED = importlib.import_module("training.migrations.0006_base_models")
NORMS = importlib.import_module("training.migrations.0013_norms_of_base_models")
LACKING = {name: lacking for name, _, lacking in NORMS.catalogue()}

LLAMA_3_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}


@pytest.mark.parametrize("row", SEED.BASE_MODELS, ids=lambda row: row[1])
def test_each_models_dimensions_give_its_published_number_of_parameters(row):
    _, name, parameters, license_, *dimensions = row
    stored = dict(zip(SEED.DIMENSIONS, dimensions, strict=True)) | LACKING.get(name, {})
    assert Architecture(**stored).parameters == pytest.approx(parameters, rel=0.001)
    assert license_


def test_a_config_json_is_read():
    model = Architecture.from_config(LLAMA_3_8B)
    assert model.parameters == 8_030_261_248
    assert (model.head_size, model.kv_width, model.gated) == (128, 1024, True)


def test_what_a_config_json_may_leave_out_is_worked_out():
    model = Architecture.from_config(
        {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257}
    )
    assert (model.kv_heads, model.head_size, model.intermediate_size, model.gated) == (12, 64, 3072, False)


def test_a_models_text_part_is_read_where_it_sees_pictures_too():
    assert Architecture.from_config({"text_config": LLAMA_3_8B}).layers == 32


@pytest.mark.parametrize("missing", ["hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size"])
def test_what_is_missing_is_named(missing):
    config = {name: value for name, value in LLAMA_3_8B.items() if name != missing}
    with pytest.raises(UnknownArchitecture, match=missing):
        Architecture.from_config(config)


@pytest.mark.parametrize("value", [0, -4, 10**12])
def test_dimensions_that_no_model_has_are_refused(value):
    with pytest.raises(UnknownArchitecture, match="hidden_size"):
        Architecture.from_config(LLAMA_3_8B | {"hidden_size": value})


def test_an_architecture_survives_being_stored():
    model = Architecture.from_config(LLAMA_3_8B)
    assert Architecture.from_dict(model.to_dict()) == model


def test_a_stored_one_that_lacks_something_is_refused():
    with pytest.raises(UnknownArchitecture):
        Architecture.from_dict({"hidden_size": 64})


def test_one_stored_before_there_were_other_norms_is_a_llama_block():
    model = Architecture.from_config(LLAMA_3_8B)
    lately = ("norms", "query_norms", "soft_capped_scores", "soft_capped_logits")
    stored = {name: value for name, value in model.to_dict().items() if name not in lately}
    assert Architecture.from_dict(stored) == model


def test_an_adapters_weights_are_counted_as_peft_counts_them():
    # litgpt's published count for Llama 2 7B with rank 8 on queries and values; PEFT's for all linear layers.
    model = Architecture(
        hidden_size=4096, layers=32, heads=32, kv_heads=32, head_size=128, intermediate_size=11008, vocabulary=32000
    )
    assert model.lora_parameters(8, ("q", "v")) == 4_194_304
    assert model.lora_parameters(8) == 19_988_480
