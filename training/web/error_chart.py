"""Errors of past estimates as points in a small picture: how many times too long or too short, on a log scale."""

import math
from collections import Counter
from dataclasses import dataclass

from training.core.accuracy import FEWEST
from training.estimates.track_record import Compared
from training.models import RunPlan

WIDTH, HEIGHT, LEFT, RIGHT = 720, 230, 48, 14
TOP, BOTTOM = 18, 18
MARGIN = 12
"""Between the first and last point and the frame."""
DOUBLINGS = 2
"""The scale ends at so many on either side of what is right: four times too long, a quarter as long."""
SERIES: dict[str, str] = {
    RunPlan.Basis.LIST: "hollow",
    RunPlan.Basis.ARCHITECTURE: "square",
    RunPlan.Basis.MEASURED: "filled",
}
"""How a run's mark looks, by what it was estimated from: told apart by shape as well as by colour."""


@dataclass(frozen=True, kw_only=True)
class Band:
    """A line across the picture."""

    label: str
    y: float


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One run. Beyond the scale it is an arrow at its edge, which points to where the run would be."""

    run: Compared
    x: float
    y: float
    shape: str
    beyond: str
    """``above``, ``below`` or nothing."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the legend says of one kind of mark."""

    shape: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ErrorChart:
    """In units of its own view box, ``width`` x ``height``; y grows downwards."""

    marks: list[Mark]
    bands: list[Band]
    legend: list[Entry]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT

    @property
    def beyond(self) -> list[Mark]:
        """Runs that the scale does not reach."""
        return [mark for mark in self.marks if mark.beyond]


def error_chart(runs: list[Compared]) -> ErrorChart | None:
    """One mark a run, evenly spaced, the oldest first; ``None`` of too few to show anything."""
    if len(runs) < FEWEST:
        return None
    step = (WIDTH - LEFT - RIGHT - 2 * MARGIN) / (len(runs) - 1)
    return ErrorChart(
        marks=[_mark(run, x=round(LEFT + MARGIN + step * index, 1)) for index, run in enumerate(runs)],
        bands=[Band(label=off_by(2.0**at), y=_height(at)) for at in range(DOUBLINGS, -DOUBLINGS - 1, -1)],
        legend=_legend(runs),
    )


def off_by(factor: float) -> str:
    """How many times too long (×) or too short (÷) an estimate was: "×2.1", "÷1.3", "right" within half a percent."""
    if factor <= 0:
        return "÷∞"
    sign, times = ("×", factor) if factor >= 1 else ("÷", 1 / factor)
    if times < 1.005:
        return "right"
    return f"{sign}{times:.0f}" if times >= 10 else f"{sign}{times:.2f}".rstrip("0").rstrip(".")


def _mark(run: Compared, *, x: float) -> Mark:
    doublings = math.log2(run.comparison.factor) if run.comparison.factor > 0 else -math.inf
    beyond = "above" if doublings > DOUBLINGS else "below" if doublings < -DOUBLINGS else ""
    at = min(max(doublings, -DOUBLINGS), DOUBLINGS)
    return Mark(run=run, x=x, y=_height(at), shape=SERIES.get(run.row.basis, "hollow"), beyond=beyond)


def _height(doublings: float) -> float:
    share = (DOUBLINGS - doublings) / (2 * DOUBLINGS)
    return round(TOP + share * (HEIGHT - TOP - BOTTOM), 1)


def _legend(runs: list[Compared]) -> list[Entry]:
    counts = Counter(run.row.basis for run in runs)
    return [
        Entry(shape=SERIES[basis], text=f"{basis.label} ({counts[basis]})") for basis in RunPlan.Basis if counts[basis]
    ]
