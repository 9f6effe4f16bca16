"""Whether a run fits a card, and what would make it fit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.published.models import LLAMA2_70B, LLAMA3_8B
from tests.training.core.strategies import architectures, setups
from training.core.fitting import Card, fit, remedies
from training.core.memory import Setup

A100_80 = Card(name="A100-80GB", memory_gib=80)
A100_40 = Card(name="A100-40GB", memory_gib=40)
V100 = Card(name="V100-32GB", memory_gib=32, has_bf16=False)
SETUP = Setup(sequences=4, sequence_length=2048, rank=16, precision="auto")

NAMES = {"micro_batch_size": "sequences", "gradient_checkpointing": "checkpointing", "quantization": "quantization"}


def kinds(found):
    return [remedy.kind for remedy in found]


def test_an_8b_model_with_long_conversations_does_not_fit_40_gib_and_each_way_out_is_offered():
    setup = replace(SETUP, sequence_length=1536)
    assert not fit(LLAMA3_8B, setup, A100_40).fits
    found = remedies(LLAMA3_8B, setup, A100_40, [V100, A100_80])
    assert {"micro_batch", "checkpointing"} <= set(kinds(found))
    assert all(remedy.peak <= A100_40.capacity for remedy in found if remedy.kind != "card")


def test_a_70b_model_needs_both_qlora_and_checkpointing_on_80_gib():
    found = remedies(LLAMA2_70B, replace(SETUP, sequences=2), A100_80, [A100_40])
    assert kinds(found)[0] == "combined"
    assert found[0].changes == {"gradient_checkpointing": True, "quantization": "nf4"}


def test_what_nothing_helps_has_no_remedy():
    huge = replace(LLAMA2_70B, layers=1000)
    assert remedies(huge, SETUP, A100_80, [A100_40]) == []


def test_a_larger_card_is_the_smallest_that_does():
    h200 = Card(name="H200", memory_gib=141)
    found = remedies(LLAMA3_8B, SETUP, A100_40, [h200, A100_80, V100])
    larger = [remedy for remedy in found if remedy.kind == "card"]
    assert [remedy.changes for remedy in larger] in ([{"gpu_type": "A100-80GB"}], [{"gpu_type": "H200"}])


def test_without_bf16_automatic_precision_still_takes_two_bytes():
    assert fit(LLAMA3_8B, SETUP, V100).memory.weights == fit(LLAMA3_8B, SETUP, A100_40).memory.weights
    assert fit(LLAMA3_8B, replace(SETUP, precision="fp32"), V100).memory.weights > 30e9


def test_measured_peaks_correct_the_prediction_but_not_cudas_own():
    plain, larger = fit(LLAMA3_8B, SETUP, A100_80), fit(LLAMA3_8B, SETUP, A100_80, factor=1.1)
    assert larger.peak - larger.memory.context == pytest.approx((plain.peak - plain.memory.context) * 1.1)
    assert sum(larger.parts().values()) == pytest.approx(larger.peak)


def test_where_less_was_measured_a_run_is_called_tight_sooner():
    setup = replace(SETUP, quantization="nf4")
    peak = fit(LLAMA3_8B, setup, A100_80).peak
    checkpointed = fit(LLAMA3_8B, replace(setup, checkpointing=True), A100_80).peak
    room = 0.85 * 1024**3
    assert fit(LLAMA3_8B, setup, Card(name="as is", memory_gib=peak / room)).is_tight
    card = Card(name="with checkpoints", memory_gib=checkpointed / room)
    assert not fit(LLAMA3_8B, replace(setup, checkpointing=True), card).is_tight


@given(architectures, setups, st.floats(1, 200), st.floats(0.8, 1.3))
def test_every_remedy_makes_it_fit_and_keeps_the_batch(model, setup, memory_gib, factor):
    card = Card(name="small", memory_gib=memory_gib)
    other = Card(name="large", memory_gib=memory_gib * 2)
    for remedy in remedies(model, setup, card, [other], factor=factor):
        if remedy.kind == "card":
            assert fit(model, setup, other, factor=factor).fits
            continue
        changed = replace(setup, **{NAMES[name]: value for name, value in remedy.changes.items()})
        outcome = fit(model, changed, card, factor=factor)
        assert outcome.fits
        assert outcome.peak == remedy.peak
        assert changed.sequences <= setup.sequences
