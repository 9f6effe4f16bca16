"""The histogram of token lengths as it is drawn, and what a longest sequence cuts off."""

from dataclasses import dataclass

from django.template.defaultfilters import pluralize

from datasets.formats.lengths import DEFAULT_LONGEST, Cut, cut_at, median
from datasets.models import Dataset

SEQUENCE_LENGTHS = (256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
MOST_TICKS = 7
MOST_MARKS = 4
"""Marks on the axis of counts, zero aside."""
GAP = 0.12
"""Between bars, as a share of one."""


@dataclass(frozen=True)
class Bar:
    """One bucket of the histogram, in the units of the drawing: 100 wide, 100 high."""

    x: float
    y: float
    width: float
    height: float
    label: str
    is_beyond: bool


@dataclass(frozen=True)
class Tick:
    x: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Mark:
    y: float
    label: str


@dataclass(frozen=True)
class Lengths:
    cut: Cut
    bars: list[Bar]
    ticks: list[Tick]
    """Of the axis of tokens."""
    marks: list[Mark]
    """Of the axis of conversations, zero first."""
    cut_x: float | None
    """Where the cut stands; ``None`` when it is beyond what is there."""
    median: int
    choices: list[int]

    @property
    def lost_percent(self) -> str:
        percent = 100 * self.cut.lost_share
        return "less than 0.1" if 0 < percent < 0.1 else f"{percent:.1f}"


def lengths(dataset: Dataset, length: int) -> Lengths | None:
    """The histogram as it is drawn, cut at ``length`` tokens; ``None`` where there is none."""
    histogram = dataset.length_histogram
    if not histogram.get("counts") or not any(histogram["counts"]):
        return None
    bounds, counts = histogram["bounds"], histogram["counts"]
    first = next(index for index, count in enumerate(counts) if count)
    shown = list(range(max(0, first - 1), len(counts)))
    width, highest = 100 / len(shown), max(counts)
    bars = [
        Bar(
            x=(position + GAP / 2) * width,
            y=100 - 100 * counts[index] / highest,
            width=(1 - GAP) * width,
            height=100 * counts[index] / highest,
            label=_label((bounds[index - 1] + 1) if index else 1, bounds[index], counts[index]),
            is_beyond=bounds[index] > length,
        )
        for position, index in enumerate(shown)
    ]
    below = sum(bounds[index] <= length for index in shown)
    return Lengths(
        cut=cut_at(length, histogram),
        bars=bars,
        ticks=_ticks([bounds[index] for index in shown], width),
        marks=[Mark(100 - 100 * count / highest, _short(count)) for count in marks(highest)],
        cut_x=below * width if below < len(shown) else None,
        median=median(histogram),
        choices=sorted({*SEQUENCE_LENGTHS, DEFAULT_LONGEST, length}),
    )


def _label(least: int, most: int, count: int) -> str:
    return f"{least:,} to {most:,} tokens: {count:,} conversation{pluralize(count)}"


def _ticks(bounds: list[int], width: float) -> list[Tick]:
    """At the powers of two, or at every second one where there would be too many."""
    marked = [(position + 1, bound) for position, bound in enumerate(bounds) if bound & (bound - 1) == 0] or [
        (len(bounds), bounds[-1])
    ]
    step = 1 + (len(marked) - 1) // MOST_TICKS
    return [
        Tick(
            x=position * width,
            label=f"{bound // 1024}k" if bound >= 1024 else str(bound),
            anchor="end" if position == len(bounds) else "middle",
        )
        for position, bound in marked[::-step][::-1]
    ]


def marks(highest: int) -> list[int]:
    """Round counts from zero to at most ``highest``, evenly apart: by one, two or five times a power of ten."""
    steps = (round_one * 10**power for power in range(len(str(highest))) for round_one in (1, 2, 5))
    step = next(step for step in steps if highest // step <= MOST_MARKS)
    return list(range(0, highest + 1, step))


def _short(count: int) -> str:
    """``5,000``, ``20k``, ``3M``: as narrow as a telephone's margin."""
    if count < 10_000:
        return f"{count:,}"
    return f"{count / 1_000:g}k" if count < 1_000_000 else f"{count / 1_000_000:g}M"
