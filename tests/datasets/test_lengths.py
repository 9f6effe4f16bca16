"""The histogram of token lengths, and what a longest sequence cuts off."""

from hypothesis import given
from hypothesis import strategies as st

from datasets.formats.lengths import BOUNDS, Lengths, cut_at, median

lengths = st.lists(st.integers(1, 100_000), max_size=60)


def counted(values):
    result = Lengths()
    result.add(values)
    return result


def test_an_empty_file_has_an_empty_histogram():
    histogram = counted([]).histogram()
    assert histogram == {"bounds": [], "counts": [], "tokens": []}
    assert cut_at(2048, histogram).lost_share == 0
    assert median(histogram) == 0


def test_bounds_are_inclusive_and_every_power_of_two_is_one():
    histogram = counted([16, 17, 19, 20]).histogram()
    assert histogram == {"bounds": [16, 19, 23], "counts": [1, 2, 1], "tokens": [16, 36, 20]}
    assert {2**power for power in range(4, 24)} <= set(BOUNDS)


@given(lengths)
def test_every_conversation_and_every_token_is_in_one_bucket(values):
    result = counted(values)
    histogram = result.histogram()
    assert sum(histogram["counts"]) == len(values)
    assert sum(histogram["tokens"]) == sum(values)
    assert result.longest == max(values, default=0)
    assert not values or histogram["bounds"][-1] >= max(values)


@given(lengths, st.sampled_from(BOUNDS))
def test_what_a_cut_at_a_bound_loses_is_exact(values, length):
    cut = cut_at(length, counted(values).histogram())
    assert cut.conversations == sum(value > length for value in values)
    assert cut.lost_tokens == sum(max(0, value - length) for value in values)
    assert cut.total_tokens == sum(values)
