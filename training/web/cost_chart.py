"""Cost against time of the choices worth looking at, as a small picture; both axes logarithmic."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.core.alternatives import Choice
from training.core.words import DAY, HOUR, MINUTE, amount
from training.web.chart_labels import Label, labels

WIDTH, HEIGHT = 340, 250
LEFT, RIGHT, TOP, BOTTOM = 40, 14, 24, 36
PADDING = 14
FRAME = (LEFT, TOP - PADDING, WIDTH, HEIGHT - BOTTOM)
"""What names of points stay within."""
LEAST = 1e-4
"""Hours and dollars below this are drawn here: a logarithm needs a positive number."""
SMALLEST_SPAN = 2.0
"""An axis spans at least this factor, so that what is nearly equal looks it."""
MOST_TICKS = 5
FEW = 6
"""So many points all have names, if there is room; of more, the front's ends have, and those that are asked for."""
ROUND = ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7), (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8))
"""Steps within a power of ten: the coarsest of which enough fall on the axis."""
UNITS = (("s", 1, 2 * MINUTE), ("min", MINUTE, 2 * HOUR), ("h", HOUR, 3 * DAY), ("days", DAY, math.inf))
"""An axis of time is in the first of these whose limit its middle is below: name, seconds in it, limit in seconds."""


@dataclass(frozen=True, kw_only=True)
class Point:
    choice: Choice
    x: float
    y: float
    label: Label | None
    """``None`` where there is no room for one."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    label: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Picture:
    """In units of its own view box, ``width`` x ``height``; y grows downwards."""

    points: list[Point]
    """By time, the fastest first."""
    front: str
    """A line through those that no other dominates."""
    unit: str
    """Of the times."""
    times: list[Tick]
    dollars: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


class Axis:
    """A logarithmic scale from values to places between ``start`` and ``end``."""

    def __init__(self, values: Iterable[float], start: float, end: float) -> None:
        found = [max(value, LEAST) for value in values]
        low, high = min(found), max(found)
        widening = max(1.0, math.sqrt(SMALLEST_SPAN * low / high))
        self.low, self.high, self.start, self.end = low / widening, high * widening, start, end

    def place(self, value: float) -> float:
        """Where it is drawn, to a tenth."""
        share = math.log(max(value, LEAST) / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, unit: float = 1.0) -> list[Tick]:
        """Round numbers of ``unit`` within the axis, a handful at most."""
        return [Tick(label=amount(value), at=self.place(value * unit)) for value in self._round_values(unit)]

    def _round_values(self, unit: float) -> list[float]:
        low, high = self.low / unit, self.high / unit
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for factors in ROUND:
            found = [factor * 10.0**power for power in powers for factor in factors]
            found = [value for value in found if low <= value <= high]
            if len(found) > 2:
                break
        return found[:: math.ceil(len(found) / MOST_TICKS)]


def picture(front: Iterable[Choice], *others: Choice) -> Picture | None:
    """The Pareto front and what else is to be seen, time to the right, cost upwards; nothing where there is no choice.

    Of choices that cost and take the same, one is drawn.

    Args:
        front: the choices that no other dominates, in any order.
        others: to be drawn as well, and to be named first. They may be of the front.
    """
    on_front = sorted(front, key=_by_time)
    figures = {(one.hours, one.cost): one for one in [*reversed(on_front), *reversed(others)]}
    shown = sorted(figures.values(), key=_by_time)
    if not shown:
        return None
    across = Axis((one.hours for one in shown), LEFT + PADDING, WIDTH - RIGHT - PADDING)
    up = Axis((one.cost for one in shown), HEIGHT - BOTTOM - PADDING, TOP + PADDING)
    at = {one: (across.place(one.hours), up.place(one.cost)) for one in [*on_front, *shown]}
    unit, seconds = _unit(math.sqrt(across.low * across.high))
    named = labels({one.name: at[one] for one in _named(shown, on_front, others)}, [at[one] for one in shown], FRAME)
    return Picture(
        points=[Point(choice=one, x=at[one][0], y=at[one][1], label=named.get(one.name)) for one in shown],
        front=" ".join(f"{x},{y}" for x, y in dict.fromkeys(at[one] for one in on_front)),
        unit=unit,
        times=across.ticks(seconds / HOUR),
        dollars=up.ticks(),
    )


def _by_time(choice: Choice) -> tuple[float, float, int]:
    return choice.hours, choice.cost, choice.count


def _unit(hours: float) -> tuple[str, float]:
    return next((name, seconds) for name, seconds, limit in UNITS if hours * HOUR < limit)


def _named(shown: Sequence[Choice], on_front: Sequence[Choice], first: Sequence[Choice]) -> list[Choice]:
    others = shown if len(shown) <= FEW else [*on_front[:1], *on_front[-1:]]
    return [one for one in dict.fromkeys([*first, *others]) if one in shown]
