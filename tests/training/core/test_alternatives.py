"""Which choices are worth a look, and which stand out."""

from hypothesis import given

from tests.training.core.hardware_choices import choice, choices, figure
from training.core.alternatives import cheapest, compare, fastest, undominated


@given(choices)
def test_what_is_left_is_dominated_by_nothing_and_dominates_the_rest(found):
    front = undominated(found)

    def beats(one, other):
        no_worse = one.cost <= other.cost and one.hours <= other.hours
        return one.is_possible and no_worse and (one.cost < other.cost or one.hours < other.hours)

    for one in found:
        assert (one in front) == (one.is_possible and not any(beats(other, one) for other in found))


@given(choices, figure)
def test_the_marked_ones_are_the_best_of_what_is_possible(found, hours):
    possible = [one for one in found if one.is_possible]
    best, quick, within = cheapest(found), fastest(found), cheapest(found, within_hours=hours)
    assert (best is None) == (quick is None) == (not possible)
    if best and quick:
        assert best.cost == min(one.cost for one in possible)
        assert quick.hours == min(one.hours for one in possible)
    if within:
        assert within.hours <= hours
        assert within.cost == min(one.cost for one in possible if one.hours <= hours)
    else:
        assert all(one.hours > hours for one in possible)


def test_what_does_not_fit_neither_wins_nor_dominates():
    small, large = choice("A", cost=1, hours=1, fits=False), choice("B", cost=2, hours=2)
    assert undominated([small, large]) == {large}
    assert cheapest([small, large]) == fastest([small, large]) == large


def test_where_memory_is_not_known_a_choice_may_win():
    unknown = choice(fits=None)
    assert cheapest([unknown]) == unknown


@given(choices)
def test_what_is_dominated_names_one_that_is_better(found):
    compared = compare(found)
    for one in found:
        better = compared.better(one)
        if one.is_possible:
            assert (better is not None) == compared.is_dominated(one)
        if better:
            assert better in compared.front
            assert (better.cost, better.hours) != (one.cost, one.hours) or not one.is_possible
            assert better.cost <= one.cost
            assert better.hours <= one.hours
