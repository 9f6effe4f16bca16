"""Every choice of hardware side by side: which are worth a look, which stand out."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One GPU type and count, with what it would cost (US dollars) and take (hours)."""

    gpu: str
    count: int
    cost: float
    hours: float
    fits: bool | None
    """Whether the run fits into the card's memory; ``None`` where that is not known."""

    @property
    def is_possible(self) -> bool:
        return self.fits is not False


def undominated(choices: Sequence[Choice]) -> set[Choice]:
    """The possible choices than which none is both cheaper (or as cheap) and faster (or as fast)."""
    best_hours = float("inf")
    front: set[Choice] = set()
    last: Choice | None = None
    for choice in sorted((one for one in choices if one.is_possible), key=lambda one: (one.cost, one.hours)):
        same_as_last = last is not None and (choice.cost, choice.hours) == (last.cost, last.hours)
        if choice.hours < best_hours or same_as_last:
            front.add(choice)
            best_hours = choice.hours
            last = choice
    return front


def cheapest(choices: Sequence[Choice], *, within_hours: float | None = None) -> Choice | None:
    """The least expensive possible choice (of equals, the fastest) that takes no more than ``within_hours``."""
    candidates = [one for one in choices if one.is_possible and (within_hours is None or one.hours <= within_hours)]
    return min(candidates, key=lambda one: (one.cost, one.hours), default=None)


def fastest(choices: Sequence[Choice]) -> Choice | None:
    """The possible choice that takes the least time (of equals, the cheapest)."""
    return min((one for one in choices if one.is_possible), key=lambda one: (one.hours, one.cost), default=None)
