"""The memory model: against published measurements, and what must hold of it everywhere."""

import math
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.published.memory import AS_IT_IS, fit, held_out, read_runs
from tests.training.core.strategies import architectures, setups
from training.core.architecture import Architecture
from training.core.memory import Recipe, Setup, block_bytes_per_token, predict, sequences_at_once

RUNS = read_runs()
MEASURED = [run for run in RUNS if run.actual is not None]
OUT_OF_MEMORY = [run for run in RUNS if run.actual is None]
HELD_OUT = list(held_out(RUNS))
LARGEST_ERROR = 0.11
LARGEST_HELD_OUT = 0.19


def name(run):
    return f"{run.row.id}-{run.figure}"


@pytest.mark.parametrize("run", MEASURED, ids=name)
def test_a_published_peak_is_predicted(run):
    assert abs(run.error()) < LARGEST_ERROR


@pytest.mark.parametrize(("run", "error"), HELD_OUT, ids=[name(run) for run, _ in HELD_OUT])
def test_a_published_peak_is_predicted_from_the_other_sources(run, error):
    assert abs(error) < LARGEST_HELD_OUT


@pytest.mark.parametrize("run", OUT_OF_MEMORY, ids=name)
def test_a_published_run_out_of_memory_is_predicted_not_to_fit(run):
    assert not run.fits


@pytest.mark.parametrize("method", sorted({run.method for run in MEASURED}))
def test_of_each_method_most_published_peaks_are_within_5_percent(method):
    assert statistics.median(abs(run.error()) for run in MEASURED if run.method == method) < 0.05


def test_nearly_all_published_peaks_are_within_15_percent():
    errors = [abs(error) for _, error in HELD_OUT]
    assert statistics.median(errors) < 0.03
    assert sum(error <= 0.15 for error in errors) / len(errors) > 0.95


def test_what_is_fitted_is_what_is_in_use():
    assert fit(MEASURED) == AS_IT_IS


def test_what_ran_is_not_called_impossible():
    assert all(run.fits for run in MEASURED)


@given(architectures, setups)
def test_every_part_is_a_finite_number_of_bytes(model, setup):
    parts = predict(model, setup).parts()
    assert all(size >= 0 and math.isfinite(size) for size in parts.values())
    assert predict(model, setup).peak == sum(parts.values())


@given(architectures, setups, st.sampled_from(["sequences", "sequence_length", "rank"]), st.integers(1, 64))
def test_more_of_anything_never_needs_less(model, setup, what, more):
    larger = replace(setup, **{what: getattr(setup, what) + more})
    assert predict(model, larger).peak >= predict(model, setup).peak


@given(architectures, setups)
def test_a_deeper_model_needs_more(model, setup):
    assert predict(replace(model, layers=model.layers + 1), setup).peak > predict(model, setup).peak


@given(architectures, setups)
def test_quantized_weights_are_smaller(model, setup):
    whole = predict(model, replace(setup, quantization="none"))
    assert predict(model, replace(setup, quantization="nf4")).weights < whole.weights


@given(architectures, setups.filter(lambda setup: setup.tokens > 64))
def test_checkpointing_never_keeps_more_activations_in_a_deep_model(model, setup):
    deep = replace(model, layers=max(model.layers, 4))
    kept = predict(deep, replace(setup, checkpointing=True, quantization="none"))
    assert kept.allocated <= predict(deep, replace(setup, checkpointing=False, quantization="none")).allocated


LARGER = {"norms": 4, "query_norms": True, "soft_capped_scores": True, "soft_capped_logits": True}


@given(architectures, setups, st.sampled_from(sorted(LARGER)))
def test_more_norms_and_soft_capping_never_need_less(model, setup, what):
    assert predict(replace(model, **{what: LARGER[what]}), setup).peak >= predict(model, setup).peak


def test_soft_capped_attention_grows_with_the_square_of_the_length():
    gemma = Architecture(
        hidden_size=2304, layers=26, heads=8, kv_heads=4, head_size=256, intermediate_size=9216, vocabulary=256000,
        tied_embeddings=True, norms=4, soft_capped_scores=True, soft_capped_logits=True,
    )  # fmt: skip
    longer, long, short = (
        predict(gemma, Setup(sequences=1, sequence_length=length, rank=8)).activations for length in (3072, 2048, 1024)
    )
    assert longer - long > long - short + 2**30


@given(architectures, setups, st.floats(0, 8))
def test_what_layers_in_4_bits_keep_is_no_part_of_a_blocks_bytes(model, setup, kept):
    recipe = Recipe(packed_input_bytes=kept)
    quantized, whole = (replace(setup, quantization=kind) for kind in ("nf4", "none"))
    assert block_bytes_per_token(model, quantized, recipe, 2) == block_bytes_per_token(model, whole, Recipe(), 2)
    assert predict(model, quantized, recipe).activations >= predict(model, quantized).activations
    assert predict(model, whole, recipe) == predict(model, whole)


@given(st.integers(1, 64), st.integers(1, 131_072), st.none() | st.integers(1, 64))
def test_a_pass_holds_at_least_one_and_at_most_all_sequences(sequences, length, micro_batch_size):
    together = sequences_at_once(sequences=sequences, sequence_length=length, micro_batch_size=micro_batch_size)
    assert 1 <= together <= sequences
    assert micro_batch_size is None or together <= micro_batch_size
