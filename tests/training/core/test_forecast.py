"""Estimates with a range: monotone, positive, exact without measurements; and how alike runs are."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.core.strategies import conditions, past_runs
from training.core.estimate import FULL_SPEED_PARAMETERS, DatasetFigures, Hardware, cents, estimate, list_throughput
from training.core.forecast import LIST, MEASURED, PastRun, believe, forecast
from training.core.likeness import Conditions, likeness, scaling

figures = st.builds(DatasetFigures, pairs=st.integers(1, 5_000_000), tokens=st.none() | st.integers(1, 10_000_000_000))
hardware = st.builds(
    Hardware,
    price_per_hour=st.floats(0, 1000),
    tokens_per_second=st.integers(1, 10**7),
    count=st.integers(1, 8),
)
settings_ = {"batch_size": st.integers(1, 64), "epochs": st.integers(1, 20)}
history = st.lists(past_runs, max_size=12)

CONDITIONS = Conditions(model="m", parameters=1_000_000_000, tokens_at_once=4096, sequence_length=400, rank=16)
DATA = DatasetFigures(pairs=10_000, tokens=4_000_000)
GPU = Hardware(price_per_hour=3.5, tokens_per_second=1800, count=2)


def run(throughput, **changes):
    values = {"start": 60.0, "validation": 30.0, "save": 10.0, "memory": None, "gpu_count": 1}
    return PastRun(conditions=CONDITIONS, throughput=throughput, **values | changes)


def said(past, data=DATA, gpu=GPU, of=CONDITIONS, batch_size=4, epochs=3):
    return forecast(data, gpu, batch_size=batch_size, epochs=epochs, beliefs=believe(of, past))


@given(figures, hardware, settings_["batch_size"], settings_["epochs"], conditions)
def test_without_measurements_it_is_the_list_to_the_last_bit(data, gpu, batch_size, epochs, of):
    found = said([], data, gpu, of, batch_size, epochs)
    assert found.estimate == estimate(data, gpu, batch_size=batch_size, epochs=epochs)
    assert (found.basis, found.runs) == (LIST, 0)


@given(figures, hardware, settings_["batch_size"], settings_["epochs"], conditions, history)
def test_nothing_is_negative_or_infinite_and_the_range_is_around_the_figure(data, gpu, batch_size, epochs, of, past):
    found = said(past, data, gpu, of, batch_size, epochs)
    low, high = found.range.low_hours, found.range.high_hours
    assert 0 < low <= found.estimate.duration_hours <= high < math.inf
    assert 0 < found.range.low_cost <= found.estimate.total_cost + 1e-9
    assert found.estimate.total_cost <= found.range.high_cost + 1e-9
    assert cents(found.estimate.total_cost) >= 0


@given(figures, hardware.filter(lambda gpu: gpu.count < 8), settings_["batch_size"], settings_["epochs"], conditions,
       history)  # fmt: skip
def test_more_gpus_are_never_slower(data, gpu, batch_size, epochs, of, past):
    more = said(past, data, replace(gpu, count=gpu.count + 1), of, batch_size, epochs)
    assert more.estimate.duration_hours <= said(past, data, gpu, of, batch_size, epochs).estimate.duration_hours


@given(figures.filter(lambda data: data.tokens), hardware, settings_["batch_size"], settings_["epochs"], conditions,
       history, st.integers(1, 10**9))  # fmt: skip
def test_more_tokens_are_never_cheaper(data, gpu, batch_size, epochs, of, past, more):
    larger = replace(data, tokens=data.tokens + more)
    cost = said(past, data, gpu, of, batch_size, epochs).estimate.total_cost
    assert said(past, larger, gpu, of, batch_size, epochs).estimate.total_cost >= cost


@given(figures, hardware, settings_["batch_size"], st.integers(1, 19), conditions, history)
def test_another_epoch_is_never_free(data, gpu, batch_size, epochs, of, past):
    found = [said(past, data, gpu, of, batch_size, number).estimate.duration_hours for number in (epochs, epochs + 1)]
    assert found[0] < found[1]


@given(st.integers(1, 10**7), st.integers(1, 10**12), st.integers(1, 10**12))
def test_a_larger_model_is_never_faster(tokens_per_second, one, other):
    smaller, larger = sorted((one, other))
    assert list_throughput(tokens_per_second, larger) <= list_throughput(tokens_per_second, smaller)


def test_list_throughputs_hold_up_to_8b_and_scale_down_above():
    assert list_throughput(1800, None) == list_throughput(1800, FULL_SPEED_PARAMETERS) == 1800
    assert list_throughput(1800, 16_000_000_000) == 900


def test_measured_runs_move_the_figures_and_are_named():
    found = said([run(0.5)] * 7)
    assert (found.basis, found.runs) == (MEASURED, 7)
    assert found.estimate.tokens_per_second == pytest.approx(1800 * 2 * 0.5 * scaling(2), rel=0.05)
    assert found.overhead_seconds == pytest.approx(60 + 3 * 30 + 10, rel=0.1)


def test_the_range_narrows_as_runs_come_in():
    ranges = [said([run(0.5)] * count).range for count in (0, 1, 5, 20)]
    widths = [found.high_hours / found.low_hours for found in ranges]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.6 * widths[0]


def test_a_run_on_one_gpu_says_what_two_would_do():
    alone, together = said([run(0.5)] * 20, gpu=replace(GPU, count=1)), said([run(0.5)] * 20)
    gain = together.estimate.tokens_per_second / alone.estimate.tokens_per_second
    assert gain == pytest.approx(2 * scaling(2), rel=0.01)


def test_a_dry_run_says_nothing_of_validating_and_saving():
    probe = said([run(0.5, validation=None, save=None)])
    assert probe.basis == MEASURED
    assert probe.overhead_seconds > 3 * 300 + 300


@given(conditions, conditions)
def test_likeness_is_mutual_and_a_share(one, other):
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    assert 0 <= likeness(one, other) <= likeness(one, one) == 1


@given(st.integers(1, 7))
def test_each_gpu_more_adds_speed_but_less_than_its_share(count):
    assert count * scaling(count) < (count + 1) * scaling(count + 1)
    assert scaling(count + 1) <= scaling(count)
