"""Every choice of hardware on the configure page: the recommended one, the three that stand out, a picture, a table."""

from dataclasses import dataclass
from urllib.parse import urlencode

from training.core import words
from training.core.advice import advise, difference, more_gpus
from training.core.alternatives import CHEAPEST, CHEAPEST_WITHIN, FASTEST, Alternatives, Choice
from training.web.cost_chart import Picture, Point, picture

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
    key: str
    """For the ids of what shows it: the same in the next answer."""
    change: str
    is_chosen: bool
    is_recommended: bool
    why_grey: str
    """Nothing where it is on the Pareto front."""
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
    note: str
    """What it would change, against the recommended one; or why there is none."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """``rows``: for each count, a cell a GPU type."""

    gpus: list[str]
    rows: list[tuple[int, list[Cell]]]
    count: int
    recommended: Cell | None
    why: str
    more_gpus: str
    """Nothing where more GPUs of the chosen type would help."""
    marks: list[Mark]
    picture: Picture | None
    points: list[tuple[Point, Cell]]
    """The picture's, each with what it stands for."""


class Shown:
    """The alternatives as they are shown, given the GPU type's name and the count that are chosen."""

    def __init__(self, alternatives: Alternatives, chosen: tuple[str, int]) -> None:
        self.alternatives, self.chosen = alternatives, chosen
        self.advice = advise(alternatives.choices)
        self.gpus = list(dict.fromkeys(choice.gpu for choice in alternatives.choices))
        self.cells = {one: self._cell(one) for one in alternatives.choices}

    def choices(self) -> Choices:
        """All of it."""
        drawn = picture(self.alternatives.front, *self._always_seen())
        best = self.advice.recommended
        return Choices(
            gpus=self.gpus,
            rows=self._rows(),
            count=len(self.cells),
            recommended=self.cells[best] if best else None,
            why=self.advice.why,
            more_gpus=more_gpus(self.alternatives.choices, self.chosen[0]),
            marks=[self._mark(kind) for kind in MARKS],
            picture=drawn,
            points=[(point, self.cells[point.choice]) for point in drawn.points] if drawn else [],
        )

    def _always_seen(self) -> list[Choice]:
        chosen = [one for one, cell in self.cells.items() if cell.is_chosen]
        return [*chosen, *(one for one, cell in self.cells.items() if cell.is_recommended and one not in chosen)]

    def _rows(self) -> list[tuple[int, list[Cell]]]:
        by_count: dict[int, list[Cell]] = {}
        for choice, cell in self.cells.items():
            by_count.setdefault(choice.count, []).append(cell)
        return sorted(by_count.items())

    def _mark(self, kind: str) -> Mark:
        label, icon = MARKS[kind]
        if kind == CHEAPEST_WITHIN:
            label = f"{label} {words.duration(self.alternatives.within_hours)}"
        best = self.alternatives.standing_out[kind]
        note = self._against_recommended(best)
        return Mark(kind=kind, label=label, icon=icon, cell=self.cells[best] if best else None, note=note)

    def _against_recommended(self, choice: Choice | None) -> str:
        recommended = self.advice.recommended
        if recommended is None or choice is None:
            return "None is that fast" if recommended else "None fits"
        return "Recommended" if choice == recommended else difference(choice, recommended)

    def _cell(self, choice: Choice) -> Cell:
        return Cell(
            choice=choice,
            key=f"{self.gpus.index(choice.gpu)}-{choice.count}",
            change=change(gpu_type=choice.gpu, gpu_count=choice.count),
            is_chosen=(choice.gpu, choice.count) == self.chosen,
            is_recommended=choice == self.advice.recommended,
            why_grey=_why_grey(choice, self.alternatives),
            icons=[MARKS[mark][1] for mark in self.alternatives.marks(choice)],
        )


def choices_of(alternatives: Alternatives, chosen: tuple[str, int]) -> Choices:
    """How the alternatives are shown, given the GPU type's name and the count that are chosen."""
    return Shown(alternatives, chosen).choices()


def change(**fields: object) -> str:
    """The value of a button that changes fields of the form."""
    return urlencode({name: "on" if value is True else value for name, value in fields.items()})


def _why_grey(choice: Choice, alternatives: Alternatives) -> str:
    if not choice.is_possible:
        return "Does not fit into memory"
    better = alternatives.better(choice)
    if better is None:
        return ""
    is_cheaper, is_quicker = better.price != choice.price, better.duration != choice.duration
    if is_cheaper and is_quicker:
        return f"{better.name} is cheaper and quicker"
    if is_cheaper:
        return f"{better.name} is cheaper and as quick"
    return f"{better.name} is quicker at the same cost" if is_quicker else f"{better.name} is as good"
