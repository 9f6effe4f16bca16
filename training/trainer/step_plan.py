"""Which examples each optimizer step trains on. Pure, and the same for the same seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

WINDOW_STEPS = 50
"""Examples of similar length share a step within windows of at most this many steps."""


@dataclass
class StepPlan:
    """All steps of a run, epoch after epoch; an epoch is planned when one of its steps is asked for."""

    lengths: Sequence[int]
    pairs: Sequence[int]
    batch_size: int
    steps_per_epoch: int
    seed: int
    _epoch: int = field(default=-1, init=False)
    _steps: list[list[int]] = field(default_factory=list, init=False)

    def step(self, number: int) -> list[int]:
        """Indices of the examples that a step trains on, counted from 1; none where it has nothing to do."""
        epoch, place = divmod(number - 1, self.steps_per_epoch)
        if epoch != self._epoch:
            self._steps = plan_epoch(
                lengths=self.lengths,
                pairs=self.pairs,
                batch_size=self.batch_size,
                steps=self.steps_per_epoch,
                seed=self.seed,
                epoch=epoch,
            )
            self._epoch = epoch
        return self._steps[place]


def plan_epoch(
    *, lengths: Sequence[int], pairs: Sequence[int], batch_size: int, steps: int, seed: int, epoch: int
) -> list[list[int]]:
    """Indices of examples for each of an epoch's steps; every example is in exactly one of them.

    A step takes about ``batch_size`` pairs, or an equal share where that would leave nothing for the last; the last
    takes what is left and no more. Within a window, steps are made of examples of similar length, so that little is
    padding, and then put in random order. With fewer examples than steps, some have none, but never the last.

    Args:
        lengths: Tokens of each example.
        pairs: Learned answers of each example, at least 1.
        batch_size: Pairs a step.
        steps: Of the epoch, at least 1.
        seed: Decides the order, together with ``epoch``.
        epoch: Counted from 0. In the first, the step that needs the most memory comes first of all: if it is too much,
            that is known at once.

    Raises:
        ValueError: There is no example.
    """
    if not lengths:
        raise ValueError("there is nothing to train on")
    generator = random.Random(f"{seed} {epoch}")
    order = generator.sample(range(len(lengths)), len(lengths))
    count = min(steps, len(lengths))
    goals = _goals(sum(pairs), batch_size, count)
    windows = _windows(count)
    drawn = _runs(order, pairs, [goals[window.stop - 1] for window in windows], [len(window) for window in windows])
    planned: list[list[int]] = []
    done = 0
    for window, examples in zip(windows, drawn, strict=True):
        # Longest first, so that what is left for the epoch's last step is never the longest: that has to come first.
        examples.sort(key=lambda index: -lengths[index])
        batches = _runs(examples, pairs, [goals[step] - done for step in window], [1] * len(window))
        done += sum(pairs[index] for index in examples)
        last = [batches.pop()] if window.stop == count else []
        generator.shuffle(batches)
        planned += batches + last
    if epoch == 0 and count > 1:
        planned.insert(0, planned.pop(_largest(planned[:-1], lengths)))
    return _spread(planned, steps)


def _goals(pairs: int, batch_size: int, steps: int) -> list[int]:
    """How many pairs have been taken at least by the end of each step."""
    if pairs > (steps - 1) * batch_size:
        return [step * batch_size for step in range(1, steps + 1)]
    return [-(-step * pairs // steps) for step in range(1, steps + 1)]


def _windows(steps: int) -> list[range]:
    """Steps, counted from 0, in windows of about one size; none has one step alone unless there is but one."""
    count = -(-steps // WINDOW_STEPS)
    edges = [at * steps // count for at in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(edges)]


def _runs(examples: list[int], pairs: Sequence[int], goals: list[int], least: list[int]) -> list[list[int]]:
    """The examples, in order, cut where their pairs reach each goal; the last run takes all that is left.

    Each run has at least so many examples as ``least`` says, which is in sum no more than there are.
    """
    runs: list[list[int]] = []
    at = drawn = 0
    most = len(examples) - sum(least)
    for goal, needed in zip(goals, least, strict=True):
        start = at
        most += needed
        while at < most and (at < start + needed or drawn < goal):
            drawn += pairs[examples[at]]
            at += 1
        runs.append(examples[start:at])
    runs[-1] += examples[at:]
    return runs


def _largest(steps: list[list[int]], lengths: Sequence[int]) -> int:
    """The first step with the longest example; among several, the one with the most tokens, padding included."""

    def size(step: int) -> tuple[int, int, int]:
        longest = max(lengths[index] for index in steps[step])
        return longest, longest * len(steps[step]), -step

    return max(range(len(steps)), key=size)


def _spread(planned: list[list[int]], steps: int) -> list[list[int]]:
    """With empty steps between them, evenly, to make so many; the first stays the first and the last the last."""
    if len(planned) == 1:
        return [[] for _ in range(steps - 1)] + planned
    spread: list[list[int]] = [[] for _ in range(steps)]
    for place, examples in enumerate(planned):
        spread[place * (steps - 1) // (len(planned) - 1)] = examples
    return spread


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
