"""Errors of past estimates: medians of enough runs, overheads in relation to the run, factors."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.core.accuracy import FEWEST, Comparison, accuracy, median_error

RUN = Comparison(
    predicted_hours=1.2, hours=1.0, low_hours=0.9, high_hours=1.5, predicted_throughput=80, throughput=100,
    predicted_overhead=460, overhead=100, predicted_cost=3.0, cost=2.0, predicted_peak=None, peak=None,
)  # fmt: skip
positive = st.floats(min_value=1e-3, max_value=1e4)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_runs_have_no_accuracy(count):
    assert accuracy([RUN] * count) is None


def test_each_figure_has_its_own_median():
    found = accuracy([RUN] * FEWEST)
    assert found.hours == pytest.approx(0.2)
    assert found.throughput == pytest.approx(0.2)
    assert found.overhead == pytest.approx(0.1)  # six minutes of an hour
    assert (found.cost, found.peak, found.coverage) == (0.5, None, 1.0)


def test_a_figure_that_too_few_of_the_runs_have_is_not_given():
    known = replace(RUN, predicted_peak=8.0, peak=10.0)
    assert accuracy([RUN, known, known]).peak is None
    assert accuracy([RUN, known, known, known]).peak == pytest.approx(0.2)
    assert median_error([(1.0, None), (2.0, 1.0), (None, 1.0)]) is None


@given(hours=positive, predicted=positive, actual=positive)
def test_an_error_of_seconds_is_a_share_of_the_run_however_short_the_overhead(hours, predicted, actual):
    run = replace(RUN, hours=hours, predicted_overhead=predicted, overhead=actual)
    assert run.overhead_error == pytest.approx(abs(predicted - actual) / (hours * 3600), rel=1e-6, abs=1e-6)


def test_a_few_seconds_more_on_a_few_seconds_are_no_error_to_speak_of():
    assert replace(RUN, predicted_overhead=90, overhead=1).overhead_error < 0.03


@given(hours=positive, times=st.floats(min_value=0.01, max_value=100))
def test_a_factor_says_how_many_times_too_long(hours, times):
    assert replace(RUN, hours=hours, predicted_hours=hours * times).factor == pytest.approx(times)
