"""Learning from runs: towards what was measured, not fooled by outliers, surer with every run."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.core.learning import (
    LISTED_OVERHEAD,
    LISTED_THROUGHPUT,
    MEMORY,
    MODELLED_THROUGHPUT,
    Observation,
    learn,
    low_high,
    total_spread,
)

observations = st.lists(st.builds(Observation, log_ratio=st.floats(-20, 20), likeness=st.floats(0, 1)), max_size=60)
priors = st.sampled_from([LISTED_THROUGHPUT, LISTED_OVERHEAD, MEMORY])


def runs(*ratios, likeness=1.0):
    return [Observation(log_ratio=math.log(ratio), likeness=likeness) for ratio in ratios]


def test_without_runs_it_is_the_list_give_or_take():
    belief = learn([], LISTED_THROUGHPUT)
    assert (belief.factor, belief.runs, belief.trust) == (1.0, 0, 0.0)
    assert belief.spread > LISTED_THROUGHPUT.doubt


def test_one_run_moves_it_most_of_the_way_and_many_all_of_it():
    assert 0.5 < learn(runs(0.5), LISTED_THROUGHPUT).factor < 0.6
    assert learn(runs(*[0.5] * 30), LISTED_THROUGHPUT).factor == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("ratio", [0.3, 0.5, 2, 3])
def test_a_prior_that_like_runs_contradict_gives_way_and_unlike_ones_are_no_such_witnesses(ratio):
    alike, unlike = (learn(runs(ratio, likeness=likeness), MODELLED_THROUGHPUT) for likeness in (1.0, 0.15))
    assert alike.factor == pytest.approx(ratio, rel=0.1)
    assert unlike.trust < 0.6 * alike.trust


def test_the_range_narrows_as_runs_come_in():
    generator = random.Random(1)
    ratios = [math.exp(generator.gauss(0, 0.1)) for _ in range(40)]
    spreads = [learn(runs(*ratios[:count]), LISTED_THROUGHPUT).spread for count in (0, 1, 3, 10, 40)]
    assert spreads == sorted(spreads, reverse=True)


def test_an_outlier_hardly_matters():
    without = learn(runs(*[1.0] * 10), LISTED_THROUGHPUT).factor
    assert learn(runs(*[1.0] * 10, 0.1), LISTED_THROUGHPUT).factor == pytest.approx(without, rel=0.04)


def test_what_is_less_alike_counts_for_less():
    close, far = learn(runs(0.5), LISTED_THROUGHPUT), learn(runs(0.5, likeness=0.1), LISTED_THROUGHPUT)
    assert close.factor < far.factor < 1
    assert far.spread > close.spread


def test_what_is_not_alike_does_not_count():
    assert learn(runs(0.5, likeness=0.001), LISTED_THROUGHPUT).runs == 0


@given(observations, priors)
def test_a_belief_is_always_finite_and_never_surer_than_chance_allows(found, prior):
    belief = learn(found, prior)
    assert math.isfinite(belief.center)
    assert 0 < belief.spread < math.inf
    assert 0 <= belief.trust <= 1


@given(observations.filter(bool), priors)
def test_the_belief_lies_between_the_list_and_what_was_measured(found, prior):
    ratios = [one.log_ratio for one in found] + [0.0]
    assert min(ratios) - 1e-9 <= learn(found, prior).center <= max(ratios) + 1e-9


@given(st.floats(0, 1e9), st.floats(0, 3))
def test_the_range_is_around_the_figure(value, spread):
    low, high = low_high(value, spread)
    assert 0 <= low <= value <= high


@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 3)), max_size=6))
def test_a_sum_is_never_less_sure_than_its_least_sure_part(parts):
    assert 0 <= total_spread(parts) <= max((spread for _, spread in parts), default=0) + 1e-9
