"""Which choices are worth a look, and which stand out; and their picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.core.alternatives import Choice, cheapest, fastest, undominated
from training.web.cost_chart import HEIGHT, WIDTH, amount, picture

figure = st.floats(0, 1e9, allow_nan=False)
choices = st.lists(
    st.builds(
        Choice,
        gpu=st.sampled_from(["A", "B", "C"]),
        count=st.integers(1, 8),
        cost=figure,
        hours=figure,
        fits=st.sampled_from([True, False, None]),
    ),
    max_size=40,
    unique_by=lambda one: (one.gpu, one.count),
)


def choice(gpu="A", count=1, cost=1.0, hours=1.0, fits=True):
    return Choice(gpu=gpu, count=count, cost=cost, hours=hours, fits=fits)


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


@given(choices.filter(bool))
def test_every_point_lies_within_the_picture(found):
    drawn = picture(sorted(found, key=lambda one: one.gpu))
    points = [point for series in drawn.series for point in series.points]
    assert len(points) == len(found)
    assert all(0 <= point.x <= WIDTH and 0 <= point.y <= HEIGHT for point in points)
    assert drawn.hours
    assert drawn.dollars


def test_dearer_is_higher_and_longer_further_right():
    drawn = picture([choice(count=1, cost=1, hours=8), choice(count=8, cost=4, hours=1)])
    slow, quick = drawn.series[0].points
    assert slow.x > quick.x
    assert slow.y > quick.y


@pytest.mark.parametrize(("value", "text"), [(0.35, "0.35"), (1.5, "1.5"), (40, "40"), (12000, "12,000")])
def test_ticks_are_short(value, text):
    assert amount(value) == text
