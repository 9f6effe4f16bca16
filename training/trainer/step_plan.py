"""Which conversations each optimizer step trains on. Pure, and the same for the same seed."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice

WINDOW_STEPS = 50
"""Conversations of similar length share a step within windows of this many steps."""


def plan_steps(
    *, lengths: Sequence[int], pairs: Sequence[int], batch_size: int, total_steps: int, seed: int
) -> list[list[int]]:
    """Indices of conversations for each of ``total_steps`` steps.

    Conversations are drawn from an endless stream of shuffled passes over all of them; after n steps the stream has
    given at least n x ``batch_size`` pairs (a step never has none). Within a window, steps are made of conversations
    of similar length, so that little is padding, and then put in random order. The step that needs the most memory
    comes first of all: if it is too much, that is known at once.

    Args:
        lengths: Tokens of each conversation.
        pairs: Assistant turns of each conversation.
        batch_size: Pairs a step.
        total_steps: At least 1.
        seed: Decides the order.

    Raises:
        ValueError: There is no conversation.
    """
    if not lengths:
        raise ValueError("there is nothing to train on")
    generator = random.Random(seed)
    stream = _passes(len(lengths), generator)
    steps: list[list[int]] = []
    drawn = 0
    while len(steps) < total_steps:
        sizes: list[int] = []
        window: list[int] = []
        for step in range(len(steps), min(len(steps) + WINDOW_STEPS, total_steps)):
            before = len(window)
            while len(window) == before or drawn < (step + 1) * batch_size:
                window.append(next(stream))
                drawn += pairs[window[-1]]
            sizes.append(len(window) - before)
        steps += _batches(window, sizes, lengths, generator)
    steps.insert(0, steps.pop(_largest(steps, lengths)))
    return steps


def _batches(window: list[int], sizes: list[int], lengths: Sequence[int], generator: random.Random) -> list[list[int]]:
    """The window's conversations as steps of these sizes, similar lengths together, in random order."""
    by_length = iter(sorted(window, key=lambda index: lengths[index]))
    batches = [list(islice(by_length, size)) for size in sizes]
    generator.shuffle(batches)
    return batches


def _largest(steps: list[list[int]], lengths: Sequence[int]) -> int:
    """The first step with the longest conversation; among several, the one with the most tokens, padding included."""

    def size(step: int) -> tuple[int, int, int]:
        longest = max(lengths[index] for index in steps[step])
        return longest, longest * len(steps[step]), -step

    return max(range(len(steps)), key=size)


def _passes(count: int, generator: random.Random) -> Iterator[int]:
    while True:
        yield from generator.sample(range(count), count)


def forward_passes(lengths: Sequence[int], *, most: int | None, tokens: int) -> list[list[int]]:
    """Which sequences of a step go through the model together, as indices; the longest first, like lengths together.

    At most ``most`` in each pass; where that is ``None``, as many as make ``tokens`` with their padding, at least one.
    """
    passes: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if passes:
            count = len(passes[-1]) + 1
            fits = count <= most if most is not None else count * lengths[passes[-1][0]] <= tokens
            if fits:
                passes[-1].append(index)
                continue
        passes.append([index])
    return passes


def split(*, pairs: Sequence[int], share: float, most: int, seed: int) -> tuple[list[int], list[int]]:
    """Indices to train on and indices held out for evaluation, both in order.

    Held out is a random ``share`` of the pairs, at least one and at most ``most``, rounded to whole conversations;
    nothing when the share is 0 or when nothing would be left to train on. ``pairs`` are each conversation's.
    """
    everything = list(range(len(pairs)))
    wanted = min(max(round(sum(pairs) * share), 1), most) if share > 0 else 0
    held_out: list[int] = []
    count = 0
    for index in random.Random(seed).sample(everything, len(everything)):
        if count >= wanted or len(held_out) == len(everything) - 1:
            break
        if count + pairs[index] <= most:
            held_out.append(index)
            count += pairs[index]
    chosen = set(held_out)
    return [index for index in everything if index not in chosen], sorted(held_out)
