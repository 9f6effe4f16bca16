"""The architecture's throughputs against published ones; each source predicted by figures fitted to the others."""

import statistics

import pytest

from benchmarks.published.rows import DATA, read
from benchmarks.published.throughput import SEARCHED, fit, held_out, published
from training.core.throughput import FITTED

SPEEDS, LEFT_OUT = published(read(DATA))


def test_held_out_sources_are_predicted():
    errors = [abs(one.error(fitted)) for one, fitted in held_out(SPEEDS)]
    assert len(errors) >= 35
    assert statistics.median(errors) <= 0.12


def test_the_range_is_right_as_often_as_it_says():
    covered = [one.is_covered(fitted) for one, fitted in held_out(SPEEDS)]
    assert 0.75 <= statistics.mean(covered) <= 0.92  # 80 %, of 35


def test_the_figures_in_use_are_those_that_fit():
    fitted = fit(SPEEDS)
    for name in SEARCHED:
        assert getattr(FITTED, name) == pytest.approx(getattr(fitted, name), rel=0.03)


def test_each_row_that_is_left_out_says_why():
    assert all(LEFT_OUT.values())
    assert {one.row.id for one in SPEEDS}.isdisjoint(LEFT_OUT)
