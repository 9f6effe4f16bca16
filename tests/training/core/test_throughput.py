"""The architecture's throughput: published runs, and what must hold of any model on any card."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.core.strategies import architectures, chips, workloads
from training.core.architecture import Architecture
from training.core.gpu_names import CUDA
from training.core.memory import TOKENS_AT_ONCE
from training.core.throughput import Chip, Workload, pace, scaling, speeds

MOST = 8
SMOLLM = Architecture(
    hidden_size=576, layers=30, heads=9, kv_heads=3, head_size=64, intermediate_size=1536, vocabulary=49152,
    tied_embeddings=True,
)  # fmt: skip
A100 = Chip(name="A100-80GB", peak=312e12, peak_fp32=19.5e12, bandwidth=2.039e12)


def seconds_per_token(work, chip=A100, count=1):
    return 1 / speeds(work, chip, count)[-1].tokens_per_second


@given(workloads, chips)
def test_figures_are_positive_and_finite(work, chip):
    assert all(0 < found.tokens_per_second < math.inf for found in speeds(work, chip, MOST))


@given(workloads, chips)
def test_more_gpus_are_never_slower_nor_faster_than_their_number(work, chip):
    found = [one.tokens_per_second for one in speeds(work, chip, MOST)]
    assert found == sorted(found)
    assert all(speed <= found[0] * count * (1 + 1e-9) for count, speed in enumerate(found, start=1))


@given(workloads, chips, st.integers(1, 100_000))
def test_more_tokens_never_take_less_time(work, chip, more):
    line = pace(work, chip)
    tokens = work.sequence_length
    assert line.seconds(tokens + more) >= line.seconds(tokens)


@given(workloads, chips, st.sampled_from(["hidden_size", "layers", "intermediate_size", "vocabulary", "heads"]),
       st.integers(1, 1000))  # fmt: skip
def test_a_larger_model_is_never_faster(work, chip, dimension, more):
    larger = replace(work.model, **{dimension: getattr(work.model, dimension) + more})
    assert seconds_per_token(replace(work, model=larger), chip) >= seconds_per_token(work, chip) * (1 - 1e-9)


@given(workloads, chips)
def test_checkpointing_and_a_higher_rank_are_never_faster(work, chip):
    plain = replace(work, checkpointing=False)
    assert seconds_per_token(replace(plain, checkpointing=True), chip) >= seconds_per_token(plain, chip)
    assert seconds_per_token(replace(work, rank=work.rank + 1), chip) >= seconds_per_token(work, chip)


@given(workloads, chips, st.floats(1, 10))
def test_a_better_card_is_never_slower(work, chip, times):
    for better in (replace(chip, peak=chip.peak * times, peak_fp32=chip.peak_fp32 * times),
                   replace(chip, bandwidth=chip.bandwidth * times)):  # fmt: skip
        assert seconds_per_token(work, better) <= seconds_per_token(work, chip) * (1 + 1e-9)


@given(architectures, chips, st.floats(1, 100_000))
def test_a_pass_holds_what_the_trainer_puts_through_at_once(model, chip, length):
    work = Workload(model=model, sequences=10_000, sequence_length=length, rank=8)
    assert work.most_at_once == 1 or work.most_at_once * length <= TOKENS_AT_ONCE[CUDA]


def test_a_small_batch_is_told_by_the_launching_of_kernels():
    small = Workload(model=SMOLLM, sequences=1, sequence_length=100, rank=16)
    assert speeds(small, A100, 1)[0].is_launching
    assert not speeds(replace(small, sequences=64, sequence_length=1000), A100, 1)[0].is_launching


def test_gpus_without_work_add_nothing():
    found = speeds(Workload(model=SMOLLM, sequences=1, sequence_length=500, rank=16), A100, MOST)
    assert len({one.tokens_per_second for one in found}) == 1


@pytest.mark.parametrize(("precision", "has_bf16", "is_slow"), [
    ("fp32", True, True), ("bf16", True, False), ("bf16", False, True), ("fp16", False, False), ("auto", False, False),
])  # fmt: skip
def test_the_peak_is_that_of_the_precision(precision, has_bf16, is_slow):
    chip = replace(A100, has_bf16=has_bf16)
    assert chip.peak_in(precision) == (chip.peak_fp32 if is_slow else chip.peak)


@given(st.integers(1, 7))
def test_each_gpu_more_adds_speed_but_less_than_its_share(count):
    assert count * scaling(count) < (count + 1) * scaling(count + 1)
    assert scaling(count + 1) <= scaling(count)
