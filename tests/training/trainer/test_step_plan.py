"""Which conversations each step trains on."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.trainer.step_plan import forward_passes, plan_steps, split

CONVERSATIONS = st.lists(st.tuples(st.integers(1, 2000), st.integers(1, 8)), min_size=1, max_size=120)


@settings(max_examples=150, deadline=None)
@given(CONVERSATIONS, st.integers(1, 64), st.integers(1, 150), st.integers(0, 2**31))
def test_a_plan_has_exactly_its_steps_and_draws_pass_after_pass(conversations, batch_size, total_steps, seed):
    lengths = [length for length, _ in conversations]
    pairs = [count for _, count in conversations]
    plan = plan_steps(lengths=lengths, pairs=pairs, batch_size=batch_size, total_steps=total_steps, seed=seed)
    assert len(plan) == total_steps
    assert all(plan)
    drawn = [index for step in plan for index in step]
    counts = [drawn.count(index) for index in range(len(lengths))]
    assert max(counts) - min(counts) <= 1, "a conversation came a second time before another came at all"
    total_pairs = sum(pairs[index] for index in drawn)
    assert total_pairs >= total_steps * batch_size
    if max(pairs) <= batch_size:
        assert total_pairs < total_steps * batch_size + max(pairs), "more pairs than the batch size says"


def test_the_same_seed_gives_the_same_plan_and_another_another():
    options = {"lengths": list(range(1, 101)), "pairs": [1] * 100, "batch_size": 8, "total_steps": 26}
    assert plan_steps(**options, seed=1) == plan_steps(**options, seed=1)
    assert plan_steps(**options, seed=1) != plan_steps(**options, seed=2)


def test_similar_lengths_share_a_step_so_that_little_is_padding():
    lengths = [10 + 37 * number % 990 for number in range(400)]
    plan = plan_steps(lengths=lengths, pairs=[1] * 400, batch_size=8, total_steps=50, seed=3)
    processed = sum(max(lengths[index] for index in step) * len(step) for step in plan)
    assert processed < 1.1 * sum(lengths)


def test_nothing_to_train_on_is_refused():
    with pytest.raises(ValueError, match="nothing to train on"):
        plan_steps(lengths=[], pairs=[], batch_size=1, total_steps=1, seed=0)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 8), min_size=1, max_size=300), st.floats(0, 0.5), st.integers(0, 99))
def test_a_split_keeps_every_conversation_on_one_side(pairs, share, seed):
    kept, held_out = split(pairs=pairs, share=share, most=200, seed=seed)
    assert sorted(kept + held_out) == list(range(len(pairs)))
    assert kept
    assert sum(pairs[index] for index in held_out) <= 200


@pytest.mark.parametrize(
    ("conversations", "share", "held_out"),
    [(100, 0.05, 5), (10, 0.05, 1), (10_000, 0.05, 200), (100, 0.0, 0), (1, 0.05, 0), (2, 0.05, 1)],
)
def test_the_share_is_at_least_one_pair_and_at_most_200(conversations, share, held_out):
    assert len(split(pairs=[1] * conversations, share=share, most=200, seed=0)[1]) == held_out


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 2000), min_size=1, max_size=60), st.integers(1, 8))
def test_the_step_with_the_longest_conversation_comes_first(lengths, batch_size):
    plan = plan_steps(lengths=lengths, pairs=[1] * len(lengths), batch_size=batch_size, total_steps=80, seed=1)
    assert max(lengths[index] for index in plan[0]) == max(lengths)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 300), max_size=40), st.none() | st.integers(1, 8), st.integers(1, 1000))
def test_forward_passes_take_every_sequence_once_within_the_limit_and_the_largest_first(lengths, most, tokens):
    passes = forward_passes(lengths, most=most, tokens=tokens)
    taken = [index for indices in passes for index in indices]
    assert sorted(taken) == list(range(len(lengths)))
    assert [lengths[index] for index in taken] == sorted(lengths, reverse=True)
    for indices in passes:
        assert len(indices) <= (most or len(indices))
        padded = len(indices) * max(lengths[index] for index in indices)
        assert most or len(indices) == 1 or padded <= tokens
