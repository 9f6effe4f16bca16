"""How long conversations are, as far as a data set's figures say."""

from hypothesis import given
from hypothesis import strategies as st

from training.core.length_profile import LengthProfile


def profile(**known):
    unknown = {"conversations": None, "pairs": None, "tokens": None, "longest": None, "histogram": None, "limit": 2048}
    return LengthProfile.of(**unknown | known)


def test_the_longest_is_the_data_sets_own_cut_at_the_trainers_limit():
    assert profile(conversations=10, pairs=10, tokens=5000, longest=1500).longest == 1500
    assert profile(conversations=10, pairs=10, tokens=5000, longest=9000).longest == 2048


def test_without_it_the_longest_is_assumed_and_said_to_be():
    found = profile(conversations=10, pairs=10, tokens=3000)
    assert (found.longest, found.is_measured) == (1200, False)


def test_without_anything_a_conversation_is_200_tokens():
    assert profile().mean == 200


def test_the_mean_is_of_what_is_left_after_cutting():
    histogram = {"bounds": [1024, 4096], "counts": [3, 1], "tokens": [1500, 4000]}
    assert profile(conversations=4, pairs=4, tokens=5500, longest=4000, histogram=histogram).mean == 887


def test_a_step_of_conversations_with_many_turns_has_few_of_them():
    chatty = profile(conversations=100, pairs=400, tokens=40_000)
    assert chatty.sequences(batch_size=8, gpu_count=1) == 2
    assert chatty.sequences(batch_size=8, gpu_count=2) == 1


@given(st.integers(1, 64), st.integers(1, 8))
def test_a_gpu_gets_at_least_one_conversation_and_all_get_the_step(batch_size, gpu_count):
    each = profile(conversations=5, pairs=5, tokens=500).sequences(batch_size=batch_size, gpu_count=gpu_count)
    assert each >= 1
    assert each * gpu_count >= batch_size
