"""Which examples each step trains on."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.trainer.step_plan import StepPlan, forward_passes, plan_epoch, split

EXAMPLES = st.lists(st.tuples(st.integers(1, 2000), st.integers(1, 8)), min_size=1, max_size=200)


def planned(examples, *, epoch=0, seed=7, **options):
    lengths, pairs = [length for length, _ in examples], [count for _, count in examples]
    return plan_epoch(lengths=lengths, pairs=pairs, seed=seed, epoch=epoch, **options)


def pairs_in(step, examples):
    return sum(examples[index][1] for index in step)


@settings(max_examples=400, deadline=None)
@given(EXAMPLES, st.integers(1, 64), st.floats(0, 0.5), st.integers(0, 3), st.integers(0, 2**31))
def test_an_epoch_takes_each_example_exactly_once_and_the_last_step_what_is_left(
    examples, batch_size, share, epoch, seed
):
    everything = sum(count for _, count in examples)
    steps = math.ceil(everything / batch_size)
    kept, _ = split(pairs=[count for _, count in examples], share=share, most=200, seed=seed)
    examples = [examples[index] for index in kept]
    plan = planned(examples, batch_size=batch_size, steps=steps, seed=seed, epoch=epoch)
    assert len(plan) == steps
    assert sorted(index for step in plan for index in step) == list(range(len(examples)))
    assert sum(map(bool, plan)) == min(steps, len(examples))
    assert plan[-1]
    most = max(count for _, count in examples)
    assert all(pairs_in(step, examples) < batch_size + most for step in plan)
    if len(examples) > steps and most <= batch_size:
        assert pairs_in(plan[-1], examples) <= batch_size


@settings(max_examples=200, deadline=None)
@given(EXAMPLES, st.integers(1, 200))
def test_the_step_with_the_longest_example_comes_first_of_all(examples, steps):
    plan = planned(examples, batch_size=4, steps=steps)
    first = plan[0] or plan[-1]
    assert max(examples[index][0] for index in first) == max(length for length, _ in examples)
    assert plan[0] or len(examples) == 1


def test_65_pairs_in_steps_of_64_are_64_and_1():
    for epoch in range(3):
        plan = planned([(10 + number, 1) for number in range(65)], batch_size=64, steps=2, epoch=epoch)
        assert [len(step) for step in plan] == [64, 1]


def test_one_pair_in_steps_of_64_is_one_step_of_one():
    assert planned([(10, 1)], batch_size=64, steps=1) == [[0]]


def test_fewer_pairs_than_steps_are_spread_from_the_first_to_the_last():
    assert [len(step) for step in planned([(9, 1)] * 3, batch_size=1, steps=5)] == [1, 0, 1, 0, 1]
    assert [len(step) for step in planned([(9, 1)], batch_size=1, steps=3)] == [0, 0, 1]


def test_what_is_held_out_makes_all_steps_a_little_smaller():
    sizes = [len(step) for step in planned([(9, 1)] * 90, batch_size=10, steps=10)]
    assert sizes == [9] * 10


def test_steps_are_of_the_batch_size_also_where_conversations_hold_many_pairs():
    examples = [(count * 50 + number % 17, count) for number in range(60) for count in (1, 2, 5)]
    plan = planned(examples, batch_size=16, steps=30)
    sizes = [pairs_in(step, examples) for step in plan]
    assert max(sizes) <= 16 + 4
    assert min(sizes) >= 16 - 5


def test_a_run_goes_on_with_the_step_that_would_have_come():
    options = {"lengths": list(range(1, 101)), "pairs": [1] * 100, "batch_size": 8, "steps_per_epoch": 13}
    whole = StepPlan(**options, seed=1)
    steps = [whole.step(number) for number in range(1, 40)]
    assert [StepPlan(**options, seed=1).step(number) for number in (39, 20, 14, 13, 1)] == [
        steps[number - 1] for number in (39, 20, 14, 13, 1)
    ]
    assert [StepPlan(**options, seed=2).step(number) for number in range(1, 40)] != steps
    assert steps[:13] != steps[13:26]
    for epoch in (steps[:13], steps[13:26], steps[26:]):
        assert sorted(index for step in epoch for index in step) == list(range(100))


def test_similar_lengths_share_a_step_so_that_little_is_padding():
    lengths = [10 + 37 * number % 990 for number in range(400)]
    plan = planned([(length, 1) for length in lengths], batch_size=8, steps=50)
    processed = sum(max(lengths[index] for index in step) * len(step) for step in plan)
    assert processed < 1.1 * sum(lengths)


def test_nothing_to_train_on_is_refused():
    with pytest.raises(ValueError, match="nothing to train on"):
        planned([], batch_size=1, steps=1)


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
