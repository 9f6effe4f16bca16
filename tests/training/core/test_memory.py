"""The memory model: against published measurements, and what must hold of it everywhere."""

import math
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.core.published_runs import card_figures, runs
from tests.training.core.strategies import architectures, setups
from training.core.memory import predict, sequences_at_once

MEASURED = [run for run in runs() if run.actual is not None]
OUT_OF_MEMORY = [run for run in runs() if run.actual is None]
LARGEST_ERROR = 0.2
KNOWN_MISS = "litgpt-rt-23"
"""Falcon 40B in 4 bits on 40 GB: litgpt loads it in 16 bits first, which alone is 80 GB."""


@pytest.mark.parametrize("run", MEASURED, ids=lambda run: run.id)
def test_a_published_peak_is_predicted(run):
    assert run.predicted == pytest.approx(run.actual, rel=LARGEST_ERROR)


@pytest.mark.parametrize("run", [run for run in OUT_OF_MEMORY if run.id != KNOWN_MISS], ids=lambda run: run.id)
def test_a_published_run_out_of_memory_is_predicted_not_to_fit(run):
    assert not run.fits


def test_nearly_all_published_peaks_are_within_15_percent():
    errors = [abs(run.predicted / run.actual - 1) for run in MEASURED]
    errors += [abs(run.predicted / measured - 1) for run, measured in card_figures()]
    assert statistics.median(errors) < 0.05
    assert sum(error <= 0.15 for error in errors) / len(errors) > 0.95


def test_what_ran_is_not_called_impossible():
    assert all(run.fits for run in MEASURED if run.gpu in ("A100-80GB", "A100-40GB", "A10G-24GB"))


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


@given(st.integers(1, 64), st.integers(1, 131_072), st.none() | st.integers(1, 64))
def test_a_pass_holds_at_least_one_and_at_most_all_sequences(sequences, length, micro_batch_size):
    together = sequences_at_once(sequences=sequences, sequence_length=length, micro_batch_size=micro_batch_size)
    assert 1 <= together <= sequences
    assert micro_batch_size is None or together <= micro_batch_size
