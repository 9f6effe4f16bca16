"""Base and adapter compared: intervals that cover as often as they say, and the words for them."""

import math
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.core.bootstrap import FEWEST_ROWS, Interval, mean_difference, paired_interval
from training.core.evaluation import BETTER, LOSS, NO_BETTER, TOKEN_F1, TOO_FEW, WORSE, perplexity, total

SHARES = st.floats(0, 1)
ROWS = st.lists(st.tuples(SHARES, SHARES, st.integers(1, 500)), min_size=FEWEST_ROWS, max_size=40)


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def plain_interval(base, other, weights, resamples):
    """The same by the definition, without arrays and with other draws."""
    generator = random.Random(1)
    rows = [(new - old, weight) for old, new, weight in zip(base, other, weights, strict=True)]
    means = []
    for _ in range(resamples):
        drawn = generator.choices(rows, k=len(rows))
        means.append(sum(gain * weight for gain, weight in drawn) / sum(weight for _, weight in drawn))
    means.sort()
    return means[round(0.025 * resamples)], means[round(0.975 * resamples)]


@given(ROWS)
def test_the_interval_lies_among_the_rows_differences_and_is_the_same_each_time(rows):
    base, other, weights = columns(rows)
    interval = paired_interval(base, other, weights, resamples=50)
    differences = [new - old for old, new in zip(base, other, strict=True)]
    assert min(differences) - 1e-9 <= interval.low <= interval.high <= max(differences) + 1e-9
    assert interval == paired_interval(base, other, weights, resamples=50)


@given(ROWS)
def test_turned_round_the_mean_difference_is_the_opposite(rows):
    base, other, weights = columns(rows)
    assert mean_difference(base, other, weights) == pytest.approx(-mean_difference(other, base, weights))


@given(st.lists(SHARES, min_size=FEWEST_ROWS, max_size=40))
def test_of_equal_figures_the_adapter_is_no_better(figures):
    for name in (LOSS, TOKEN_F1):
        found = total(name, figures, figures)
        assert found.interval == Interval(0, 0)
        assert found.verdict == "no better than the base"


def test_the_interval_is_that_of_a_plain_bootstrap():
    generator = random.Random(3)
    base = [generator.random() for _ in range(80)]
    other = [figure + generator.gauss(0.1, 0.4) for figure in base]
    weights = [generator.randint(1, 300) for _ in base]
    interval = paired_interval(base, other, weights, resamples=20_000)
    assert (interval.low, interval.high) == pytest.approx(plain_interval(base, other, weights, 20_000), abs=0.006)


def test_95_of_100_intervals_hold_the_true_difference():
    generator = random.Random(5)
    hits = 0
    for trial in range(400):
        gains = [generator.gauss(0.2, 1) for _ in range(60)]
        interval = paired_interval([0.0] * 60, gains, seed=trial, resamples=400)
        hits += interval.low <= 0.2 <= interval.high
    assert 0.91 <= hits / 400 <= 0.975


def test_a_loss_per_token_counts_each_row_by_its_tokens():
    found = total(LOSS, [2.0, 4.0], [1.0, 4.0], [300, 100])
    assert (found.base, found.adapter, found.difference) == (2.5, 1.75, -0.75)


@pytest.mark.parametrize(
    ("name", "gain", "verdict"),
    [(LOSS, -0.1, BETTER), (LOSS, 0.1, WORSE), (TOKEN_F1, 0.1, BETTER), (TOKEN_F1, -0.1, WORSE)],
)
def test_less_loss_and_more_score_are_better(name, gain, verdict):
    figures = [0.3 + 0.01 * at for at in range(20)]
    assert total(name, figures, [figure + gain for figure in figures]).verdict == verdict


def test_an_interval_that_touches_zero_holds_it():
    assert [Interval(*edges).holds_zero for edges in ((0, 1), (-1, 0), (-1, 1), (0.1, 1), (-1, -0.1))] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_of_too_few_rows_nothing_is_said():
    found = total(TOKEN_F1, [0.0] * (FEWEST_ROWS - 1), [1.0] * (FEWEST_ROWS - 1))
    assert (found.interval, found.verdict) == (None, TOO_FEW)
    assert total(TOKEN_F1, [0.0] * FEWEST_ROWS, [1.0] * FEWEST_ROWS).verdict == BETTER


def test_a_thousand_rows_take_less_than_a_second():
    rows = [at / 1000 for at in range(1000)]
    began = time.process_time()
    assert total(TOKEN_F1, rows, rows[::-1]).verdict == NO_BETTER
    assert time.process_time() - began < 1


def test_perplexity_is_the_exponential_of_the_loss():
    assert perplexity(math.log(20)) == pytest.approx(20)
    assert perplexity(1e6) == math.inf
