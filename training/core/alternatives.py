"""Every choice of hardware side by side: the cheapest, the fastest, and the Pareto front of cost and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from training.core import words
from training.core.estimate import cents

CHEAPEST, FASTEST, CHEAPEST_WITHIN = "cheapest", "fastest", "cheapest_within"
ROUND_HOURS = (0.1, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72, 96, 168, 336, 720)
"""Default time limits in hours, up to 30 days."""
SLACK = 1.25
"""The default limit is the first of ROUND_HOURS that is at least so many times the fastest choice's hours."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One GPU type and count, with what the run would cost and how long it would take on it."""

    gpu: str
    count: int
    cost: float
    """US dollars for the whole run."""
    hours: float
    hourly_rate: float = 0.0
    """US dollars an hour, for all ``count`` GPUs."""
    fits: bool | None
    """Whether the run fits into the card's memory; ``None`` where that is not known."""

    @property
    def is_possible(self) -> bool:
        """The run is not known to exceed the card's memory."""
        return self.fits is not False

    @cached_property
    def name(self) -> str:
        """ "2 × H100"."""
        return f"{self.count} × {self.gpu}"

    @cached_property
    def price(self) -> str:
        """The cost in words: "$4.20"."""
        return words.dollars(self.cost)

    @cached_property
    def duration(self) -> str:
        """The time in words: "2 h 10 min"."""
        return words.duration(self.hours)

    @cached_property
    def shown_cost(self) -> Decimal:
        """US dollars, to the cent."""
        return cents(self.cost)

    @cached_property
    def shown_hours(self) -> Decimal:
        """Hours, to two places."""
        return cents(self.hours)

    @cached_property
    def shown_rate(self) -> Decimal:
        """US dollars an hour, to the cent."""
        return cents(self.hourly_rate)


@dataclass(frozen=True, kw_only=True)
class Alternatives:
    """All choices in the catalogue's order, with those that stand out."""

    choices: Sequence[Choice]
    within_hours: float
    """The longest that the CHEAPEST_WITHIN choice may take."""
    standing_out: dict[str, Choice | None]
    """CHEAPEST, FASTEST and CHEAPEST_WITHIN; ``None`` where no choice is possible, or fast enough."""
    front: frozenset[Choice]
    """The choices that no other one dominates."""

    def marks(self, choice: Choice) -> list[str]:
        """The keys of ``standing_out`` under which ``choice`` stands, possibly none."""
        return [mark for mark, best in self.standing_out.items() if best is choice]

    def is_dominated(self, choice: Choice) -> bool:
        """Another choice is no worse in cost and time and better in one of them; or this one does not fit."""
        return choice not in self.front

    def better(self, choice: Choice) -> Choice | None:
        """Of the front, the least expensive that is no worse than a dominated ``choice`` in cost and time, if any."""
        if choice in self.front:
            return None
        no_worse = [one for one in self.front if one.cost <= choice.cost and one.hours <= choice.hours]
        return min(no_worse, key=lambda one: (one.cost, one.count, one.gpu), default=None)


def compare(choices: Sequence[Choice], *, within_hours: float | None = None) -> Alternatives:
    """Every choice with those that stand out.

    Args:
        choices: in the catalogue's order.
        within_hours: the longest that the run may take; ``None``: the first round number of hours that leaves the
            fastest choice some slack.
    """
    quickest = fastest(choices)
    limit = _round_hours(quickest.hours if quickest else 0) if within_hours is None else within_hours
    return Alternatives(
        choices=choices,
        within_hours=limit,
        standing_out={
            CHEAPEST: cheapest(choices),
            FASTEST: quickest,
            CHEAPEST_WITHIN: cheapest(choices, within_hours=limit),
        },
        front=frozenset(undominated(choices)),
    )


def undominated(choices: Sequence[Choice]) -> set[Choice]:
    """The Pareto front: possible choices that no other beats in cost or time without being worse in the other."""
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
    """The least expensive possible choice; of equals, the fastest; then the one with fewer GPUs.

    Args:
        choices: in any order.
        within_hours: leave out what takes longer; ``None``: no limit.
    """
    candidates = [one for one in choices if one.is_possible and (within_hours is None or one.hours <= within_hours)]
    return min(candidates, key=lambda one: (one.cost, one.hours, one.count), default=None)


def fastest(choices: Sequence[Choice]) -> Choice | None:
    """The possible choice that takes the least time; of equals, the cheapest; then the one with fewer GPUs."""
    possible = (one for one in choices if one.is_possible)
    return min(possible, key=lambda one: (one.hours, one.cost, one.count), default=None)


def _round_hours(hours: float) -> float:
    """The default limit for a fastest choice of ``hours``; beyond the table, the next whole hour."""
    return next((round_ for round_ in ROUND_HOURS if round_ >= hours * SLACK), float(int(hours * SLACK) + 1))
