"""Estimates with a range on each basis: monotone, positive, exact without measurements; and how alike runs are."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.core.strategies import chips, conditions, past_runs, workloads
from training.core.beliefs import PastRun, anywhere, believe, believe_overhead, weigh
from training.core.estimate import FULL_SPEED_PARAMETERS, DatasetFigures, Hardware, cents, estimate, list_throughput
from training.core.forecast import ARCHITECTURE, LIST, MEASURED, forecast, learned, listed, modelled
from training.core.learning import LISTED_OVERHEAD, LISTED_THROUGHPUT, MODELLED_ELSEWHERE, MODELLED_OVERHEAD
from training.core.likeness import Conditions, likeness, log_speed
from training.core.overheads import expected_overhead
from training.core.throughput import scaling, speeds

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


def run(throughput, of=CONDITIONS, **changes):
    values = {"start": 0.1, "validation": 0.1, "save": 0.1, "memory": None, "hardware": "this"}
    return PastRun(conditions=of, throughput=throughput, **values | changes)


def by_list(past, data=DATA, gpu=GPU, of=CONDITIONS, batch_size=4, epochs=3):
    """As for a model without dimensions: the list's figures, corrected by runs on the same cards."""
    expected = listed(gpu)
    alike = weigh(of, past)
    beliefs = believe(alike, hardware="this", prior=LISTED_THROUGHPUT)
    if beliefs.throughput.runs:
        around = believe_overhead(alike, LISTED_OVERHEAD)
        expected = learned(expected, beliefs, around, unlisted=log_speed(of, gpu.count))
    return forecast(data, expected, batch_size=batch_size, epochs=epochs)


def by_architecture(past, work, chip, data=DATA, price=3.5, count=1, of=CONDITIONS, batch_size=4, epochs=3):
    speed = speeds(work, chip, count)[-1].tokens_per_second
    around = expected_overhead(
        work, parameters=work.model.parameters, evaluated_tokens=1000, tokens_per_second=speed, epochs=epochs
    )
    gpu = Hardware(price_per_hour=price, tokens_per_second=speed / count, count=count)
    expected = modelled(gpu, overhead=around, throughput=MODELLED_ELSEWHERE)
    alike = anywhere(weigh(of, past), "this")
    beliefs = believe(alike, hardware="this", prior=MODELLED_ELSEWHERE)
    if beliefs.throughput.runs:
        expected = learned(expected, beliefs, believe_overhead(alike, MODELLED_OVERHEAD))
    return forecast(data, expected, batch_size=batch_size, epochs=epochs)


def is_sound(found):
    low, high = found.range.low_hours, found.range.high_hours
    assert 0 < low <= found.estimate.duration_hours <= high < math.inf
    assert 0 < found.range.low_cost <= found.estimate.total_cost * (1 + 1e-9)
    assert found.estimate.total_cost <= found.range.high_cost * (1 + 1e-9) < math.inf
    assert cents(found.estimate.total_cost) >= 0
    assert 0 <= found.training_seconds < math.inf
    assert 0 <= found.runs_here <= found.runs


@given(figures, hardware, settings_["batch_size"], settings_["epochs"], conditions)
def test_without_measurements_it_is_the_list_to_the_last_bit(data, gpu, batch_size, epochs, of):
    found = by_list([], data, gpu, of, batch_size, epochs)
    assert found.estimate == estimate(data, gpu, batch_size=batch_size, epochs=epochs)
    assert (found.basis, found.runs) == (LIST, 0)


@given(figures, hardware, settings_["batch_size"], settings_["epochs"], conditions, history)
def test_nothing_is_negative_or_infinite_and_the_range_is_around_the_figure(data, gpu, batch_size, epochs, of, past):
    is_sound(by_list(past, data, gpu, of, batch_size, epochs))


@given(figures, workloads, chips, settings_["epochs"], conditions, history, st.integers(1, 8))
def test_nor_is_it_from_the_architecture(data, work, chip, epochs, of, past, count):
    is_sound(by_architecture(past, work, chip, data, of=of, epochs=epochs, count=count))


@given(figures, hardware.filter(lambda gpu: gpu.count < 8), settings_["batch_size"], settings_["epochs"], conditions,
       history)  # fmt: skip
def test_more_gpus_are_never_slower(data, gpu, batch_size, epochs, of, past):
    more = by_list(past, data, replace(gpu, count=gpu.count + 1), of, batch_size, epochs)
    assert more.estimate.duration_hours <= by_list(past, data, gpu, of, batch_size, epochs).estimate.duration_hours


@given(figures, workloads, chips, conditions, history, st.integers(1, 7))
def test_nor_are_they_from_the_architecture(data, work, chip, of, past, count):
    few, more = (by_architecture(past, work, chip, data, of=of, count=number) for number in (count, count + 1))
    assert more.estimate.duration_hours <= few.estimate.duration_hours * (1 + 1e-9)


@given(figures.filter(lambda data: data.tokens), hardware, settings_["batch_size"], settings_["epochs"], conditions,
       history, st.integers(1, 10**9))  # fmt: skip
def test_more_tokens_are_never_cheaper(data, gpu, batch_size, epochs, of, past, more):
    larger = replace(data, tokens=data.tokens + more)
    cost = by_list(past, data, gpu, of, batch_size, epochs).estimate.total_cost
    assert by_list(past, larger, gpu, of, batch_size, epochs).estimate.total_cost >= cost


@given(figures.filter(lambda data: data.tokens), workloads, chips, history, st.integers(1, 10**9))
def test_nor_are_they_cheaper_from_the_architecture(data, work, chip, past, more):
    cost = by_architecture(past, work, chip, data).estimate.total_cost
    larger = by_architecture(past, work, chip, replace(data, tokens=data.tokens + more))
    assert larger.estimate.total_cost >= cost


@given(figures, hardware, settings_["batch_size"], st.integers(1, 19), conditions, history)
def test_another_epoch_is_never_free(data, gpu, batch_size, epochs, of, past):
    found = [
        by_list(past, data, gpu, of, batch_size, number).estimate.duration_hours for number in (epochs, epochs + 1)
    ]
    assert found[0] < found[1]


@given(st.integers(1, 10**7), st.integers(1, 10**12), st.integers(1, 10**12))
def test_a_larger_model_is_never_faster(tokens_per_second, one, other):
    smaller, larger = sorted((one, other))
    assert list_throughput(tokens_per_second, larger) <= list_throughput(tokens_per_second, smaller)


def test_list_throughputs_hold_up_to_8b_and_scale_down_above():
    assert list_throughput(1800, None) == list_throughput(1800, FULL_SPEED_PARAMETERS) == 1800
    assert list_throughput(1800, 16_000_000_000) == 900


def test_measured_runs_move_the_figures_and_are_named():
    found = by_list([run(0.5)] * 7)
    assert (found.basis, found.runs, found.runs_here) == (MEASURED, 7, 7)
    assert found.estimate.tokens_per_second == pytest.approx(1800 * 2 * 0.5 * scaling(2), rel=0.05)
    assert found.overhead_seconds == pytest.approx(0.1 * (600 + 3 * 300 + 300), rel=0.2)


def test_the_range_narrows_as_runs_come_in():
    ranges = [by_list([run(0.5)] * count).range for count in (0, 1, 5, 20)]
    widths = [found.high_hours / found.low_hours for found in ranges]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.6 * widths[0]


def test_a_run_on_one_gpu_says_what_two_would_do():
    alone, together = by_list([run(0.5)] * 20, gpu=replace(GPU, count=1)), by_list([run(0.5)] * 20)
    gain = together.estimate.tokens_per_second / alone.estimate.tokens_per_second
    assert gain == pytest.approx(2 * scaling(2), rel=0.01)


def test_a_dry_run_says_nothing_of_validating_and_saving():
    probe = by_list([run(0.5, validation=None, save=None)])
    assert probe.basis == MEASURED
    assert probe.overhead_seconds > 3 * 300 + 300


@given(workloads, chips, st.floats(0.3, 0.9))
def test_runs_on_other_cards_with_other_models_say_something_and_less_than_like_ones(work, chip, ratio):
    stranger = run(ratio, hardware="that", of=replace(CONDITIONS, model="other", parameters=70_000_000_000))
    without = by_architecture([], work, chip).estimate.tokens_per_second
    told = by_architecture([stranger] * 3, work, chip)
    told_well = by_architecture([run(ratio)] * 3, work, chip)
    assert (told.basis, told.runs, told.runs_here) == (MEASURED, 3, 0)
    assert told_well.runs_here == 3
    assert told_well.estimate.tokens_per_second < told.estimate.tokens_per_second < without


@given(workloads, chips)
def test_without_runs_it_is_the_architectures(work, chip):
    assert by_architecture([], work, chip).basis == ARCHITECTURE


@given(conditions, conditions)
def test_likeness_is_mutual_and_a_share(one, other):
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    assert 0 <= likeness(one, other) <= likeness(one, one) == 1
