"""Which choice is recommended, and in what words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.core.hardware_choices import choice, choices, figure
from training.core.advice import (
    NEARLY_AS_FAST,
    NOTICEABLE_HOURS,
    advise,
    difference,
    more_gpus,
    speed_up,
    worthwhile,
)
from training.core.alternatives import cheapest, undominated

MINUTE = 1 / 60


def recommended(found):
    return advise(found).recommended


@given(choices)
def test_the_recommended_one_is_possible_and_dominated_by_none(found):
    best = recommended(found)
    assert (best is None) == (not any(one.is_possible for one in found))
    assert best is None or best in undominated(found)


@given(choices)
def test_it_is_the_least_expensive_that_is_nearly_as_fast_as_the_fastest_worth_its_price(found):
    worth_it = worthwhile(found)
    if best := recommended(found):
        limit = NEARLY_AS_FAST * min(one.hours for one in worth_it)
        assert best in worth_it
        assert best.hours <= limit
        assert best.cost == min(one.cost for one in worth_it if one.hours <= limit)


@given(choices)
def test_paying_more_than_the_least_saves_time_that_is_noticed_at_a_fair_price(found):
    low = cheapest(found)
    for one in worthwhile(found):
        if (one.cost, one.hours) != (low.cost, low.hours):
            assert low.hours - one.hours >= NOTICEABLE_HOURS
            assert one.cost * one.hours <= low.cost * low.hours


@given(choices, st.data())
def test_the_order_of_choices_and_what_does_not_fit_change_nothing(found, data):
    best = recommended(found)
    others = data.draw(st.permutations([one for one in found if one.is_possible]))
    again = recommended(others)
    assert (best is None) == (again is None)
    if best and again:
        assert (again.cost, again.hours, again.count) == (best.cost, best.hours, best.count)


@given(choices, st.floats(0, 1))
def test_once_cheaper_it_is_recommended_still(found, share):
    best = recommended(found)
    if best is not None:
        cheaper = replace(best, cost=best.cost * share)
        assert recommended([cheaper if one is best else one for one in found]) == cheaper


@given(choices, st.integers(-10, 10))
def test_it_does_not_depend_on_the_currency(found, power):
    best = recommended(found)
    other = recommended([replace(one, cost=one.cost * 2.0**power) for one in found])
    assert (best is None) == (other is None)
    if best and other:
        assert other.hours == best.hours


def test_minutes_around_seconds_of_training_are_not_bought():
    found = [choice(count=n, cost=0.5 + 0.4 * n, hours=(30 + 1 / n) * MINUTE) for n in range(1, 9)]
    assert recommended(found) == found[0]
    assert advise(found).why == "No choice costs less; the fastest, 8 × A, would be 52 s quicker, for $2.80 more."


def test_a_long_run_is_recommended_as_many_gpus_as_it_makes_use_of():
    found = [choice(count=n, cost=100 * n**0.3, hours=100 / n**0.7) for n in range(1, 9)]
    assert recommended(found) == found[5]  # 28.5 h; 8 take 23.3 h
    assert advise(found).why == (
        "3 days quicker than the cheapest, 1 × A, for $71.18 more; "
        "the fastest, 8 × A, would be 5 h 12 min quicker, for $15.43 more."
    )


def test_of_equals_it_has_the_fewest_gpus_and_stands_first_in_the_catalogue():
    found = [choice("B", 2), choice("B", 1), choice("A", 1)]
    assert recommended(found) == found[1]
    assert advise(found).why == "No choice costs less or is quicker."


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([], "No choice has enough memory for this run."),
        ([choice(fits=False)], "No choice has enough memory for this run."),
        ([choice("A", fits=False), choice("B")], "No other choice has enough memory for this run."),
        ([choice()], "No choice costs less or is quicker."),
        (
            [choice("A", cost=1, hours=10), choice("B", cost=1.5, hours=1)],
            "No choice is quicker; the cheapest, 1 × A, would take 9 h longer, for $0.50 less.",
        ),
    ],
)
def test_why_is_said_with_the_figures_that_were_weighed(found, why):
    assert advise(found).why == why


@given(choices)
def test_it_always_says_why(found):
    why = advise(found).why
    assert why.endswith(".")
    assert "$0.00" not in why


@given(figure, figure, figure, figure)
def test_a_difference_is_told_both_ways(cost, hours, other_cost, other_hours):
    one, other = choice(cost=cost, hours=hours), choice(cost=other_cost, hours=other_hours)
    there, back = difference(one, other), difference(other, one)
    swapped = {"quicker": "longer", "longer": "quicker", "more": "less", "less": "more"}
    words = [word.rstrip(",") for word in there.split()]
    assert [swapped.get(word, word) for word in words] == [word.rstrip(",") for word in back.split()]


def test_more_gpus_are_said_not_to_help_where_they_do_not():
    slow = [choice("V100-32GB", n, hours=(30 + 1 / n) * MINUTE) for n in (1, 2, 4, 8)]
    assert more_gpus(slow, "V100-32GB") == ("More GPUs will not help here: 1 × V100-32GB takes 31 min, 8 × 30 min.")


@pytest.mark.parametrize(
    ("hours", "helps"),
    [((1, 0.8), True), ((1, 0.95), False), ((1, 1), False), ((0.01, 0.002), False), ((1, 1.2), False), ((1,), True)],
)
def test_help_is_a_tenth_of_the_time_and_a_minute_at_least(hours, helps):
    found = [choice("B", 1, hours=9), *(choice("A", 1 + n, hours=one) for n, one in enumerate(hours))]
    assert (more_gpus(found, "A") == "") == helps


@given(choices, st.sampled_from("ABC"), st.integers(1, 8))
def test_the_speed_up_is_how_much_sooner_it_ends(found, gpu, count):
    times = speed_up(found, gpu, count)
    by_count = {one.count: one.hours for one in found if one.gpu == gpu}
    if times is not None:
        assert times * by_count[count] == pytest.approx(by_count[1])
    else:
        assert 1 not in by_count or not by_count.get(count)
