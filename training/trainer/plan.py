"""Which conversations each optimizer step trains on. Pure, and the same for the same seed."""

import random
from collections.abc import Iterator, Sequence

WINDOW_STEPS = 50
"""Conversations of similar length share a step within windows of this many steps."""


def plan_steps(
    *, lengths: Sequence[int], pairs: Sequence[int], batch_size: int, total_steps: int, seed: int
) -> list[list[int]]:
    """Indices of conversations for each of ``total_steps`` steps.

    ``lengths`` are tokens and ``pairs`` assistant turns, per conversation. Conversations are drawn from an endless
    stream of shuffled passes over all of them; after n steps the stream has given at least n x ``batch_size`` pairs
    (a step never has none). Within a window, steps are made of conversations of similar length, so that little is
    padding, and then put in random order.
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
        window.sort(key=lambda index: lengths[index])
        batches = []
        for size in sizes:
            batches.append(window[:size])
            window = window[size:]
        generator.shuffle(batches)
        steps += batches
    return steps


def _passes(count: int, generator: random.Random) -> Iterator[int]:
    while True:
        yield from generator.sample(range(count), count)


def split(
    *, pairs: Sequence[int], share: float, seed: int, least: int = 1, most: int = 200
) -> tuple[list[int], list[int]]:
    """Indices to train on and indices held out for evaluation.

    Held out is a random ``share`` of the pairs, at least ``least`` and at most ``most``, rounded to whole
    conversations; nothing when the share is 0 or when nothing would be left to train on.
    """
    everything = list(range(len(pairs)))
    wanted = min(max(round(sum(pairs) * share), least), most) if share > 0 else 0
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
