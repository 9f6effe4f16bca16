"""Every choice of hardware on the configure page: a table, a picture, and the three that stand out."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from training.core.alternatives import CHEAPEST, CHEAPEST_WITHIN, FASTEST, Alternatives, Choice
from training.web.cost_chart import Picture, Point, Series, picture

MARKS = {
    CHEAPEST: ("Cheapest", "coins"),
    FASTEST: ("Fastest", "zap"),
    CHEAPEST_WITHIN: ("Cheapest under", "clock"),
}
"""What a choice stands out as: in words, and its icon."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One choice as it is shown. ``change`` is the value of the button that chooses it."""

    choice: Choice
    change: str
    is_chosen: bool
    is_dominated: bool
    icons: list[str]

    @property
    def is_misfit(self) -> bool:
        """It does not fit into the card's memory."""
        return self.choice.fits is False


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A choice that stands out; without a cell, none does."""

    kind: str
    label: str
    icon: str
    cell: Cell | None


@dataclass(frozen=True, kw_only=True)
class Choices:
    """``rows``: for each count, a cell a GPU type."""

    gpus: list[str]
    rows: list[tuple[int, list[Cell]]]
    marks: list[Mark]
    picture: Picture
    series: list[tuple[Series, list[tuple[Point, Cell]]]]
    """The picture's, each point with what it stands for."""


def choices_of(alternatives: Alternatives, chosen: tuple[str, int]) -> Choices:
    """How the alternatives are shown, given the GPU type's name and the count that are chosen."""
    cells = {one: _cell(one, alternatives, chosen) for one in alternatives.choices}
    drawn = picture(alternatives.choices)
    by_count: dict[int, list[Cell]] = {}
    for choice, cell in cells.items():
        by_count.setdefault(choice.count, []).append(cell)
    return Choices(
        gpus=list(dict.fromkeys(choice.gpu for choice in cells)),
        rows=sorted(by_count.items()),
        marks=[_mark(kind, alternatives.standing_out[kind], cells) for kind in MARKS],
        picture=drawn,
        series=[(series, [(point, cells[point.choice]) for point in series.points]) for series in drawn.series],
    )


def change(**fields: object) -> str:
    """The value of a button that changes fields of the form."""
    return urlencode({name: "on" if value is True else value for name, value in fields.items()})


def _mark(kind: str, best: Choice | None, cells: Mapping[Choice, Cell]) -> Mark:
    label, icon = MARKS[kind]
    return Mark(kind=kind, label=label, icon=icon, cell=cells[best] if best else None)


def _cell(choice: Choice, alternatives: Alternatives, chosen: tuple[str, int]) -> Cell:
    return Cell(
        choice=choice,
        change=change(gpu_type=choice.gpu, gpu_count=choice.count),
        is_chosen=(choice.gpu, choice.count) == chosen,
        is_dominated=alternatives.is_dominated(choice),
        icons=[MARKS[mark][1] for mark in alternatives.marks(choice)],
    )
