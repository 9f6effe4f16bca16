"""Cost against time as points in a small picture, both axes logarithmic."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from training.core.alternatives import Choice

WIDTH, HEIGHT = 340, 250
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 14, 30
LEAST = 0.01
"""Hours and dollars below this are drawn here: a logarithm needs a positive number."""
SMALLEST_SPAN = 1.3
"""An axis spans at least this factor, so that equal figures do not fill it."""
MOST_TICKS = 5
ROUND = ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7))
"""Steps within a power of ten: the coarser ones, if enough of them fall on the axis."""


@dataclass(frozen=True, kw_only=True)
class Point:
    choice: Choice
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Series:
    """One GPU type's choices, by count."""

    gpu: str
    points: list[Point]

    @property
    def line(self) -> str:
        return " ".join(f"{point.x},{point.y}" for point in self.points)


@dataclass(frozen=True, kw_only=True)
class Tick:
    label: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Picture:
    """In units of its own view box, ``width`` x ``height``; y grows downwards."""

    series: list[Series]
    hours: list[Tick]
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
        if high / low < SMALLEST_SPAN:
            low, high = low / math.sqrt(SMALLEST_SPAN), high * math.sqrt(SMALLEST_SPAN)
        self.low, self.high, self.start, self.end = low, high, start, end

    def place(self, value: float) -> float:
        share = math.log(max(value, LEAST) / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def round_values(self) -> list[float]:
        """Round numbers within the axis, a handful at most; where there is hardly one, its ends."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for factors in ROUND:
            found = [factor * 10.0**power for power in powers for factor in factors]
            found = [value for value in found if self.low <= value <= self.high]
            if len(found) > 2:
                return found[:: math.ceil(len(found) / MOST_TICKS)]
        return found if len(found) == 2 else [self.low, self.high]


def picture(choices: Sequence[Choice]) -> Picture:
    """Time to the right, cost upwards; the choices are in the catalogue's order."""
    across = Axis((choice.hours for choice in choices), LEFT + 10, WIDTH - RIGHT - 10)
    up = Axis((choice.cost for choice in choices), HEIGHT - BOTTOM - 10, TOP + 10)
    return Picture(
        series=[
            Series(
                gpu=gpu,
                points=[
                    Point(choice=one, x=across.place(one.hours), y=up.place(one.cost))
                    for one in sorted(of_gpu, key=lambda one: one.count)
                ],
            )
            for gpu, of_gpu in groupby(choices, key=lambda choice: choice.gpu)
        ],
        hours=[Tick(label=f"{amount(value)} h", at=across.place(value)) for value in across.round_values()],
        dollars=[Tick(label=f"${amount(value)}", at=up.place(value)) for value in up.round_values()],
    )


def amount(value: float) -> str:
    """To two significant digits, more where the number has them: 0.35, 1.5, 40, 12,000."""
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.2g}"
