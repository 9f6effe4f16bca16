"""The problems of a data set, as pages, the API and downloads show them."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from datasets.formats.problems import KINDS, WARNING
from datasets.models import Dataset

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


LINES_NAMED = 12


@dataclass(frozen=True)
class Group:
    """Problems that say the same of different places."""

    reason: str
    places: list[dict[str, Any]]
    """The problems, in the file's order."""

    @property
    def lines(self) -> list[int]:
        """Each line once; none where it is about the file as a whole."""
        return list(dict.fromkeys(place["line"] for place in self.places if place.get("line")))

    @property
    def named_lines(self) -> str:
        """``4, 9, 12``, and how many more there are."""
        hidden = len(self.lines) - LINES_NAMED
        named = ", ".join(f"{line:,}" for line in self.lines[:LINES_NAMED])
        return f"{named} and {hidden:,} more" if hidden > 0 else named


@dataclass(frozen=True)
class Kind:
    """All problems of one kind."""

    kind: str
    title: str
    severity: str
    count: int
    shown: list[dict[str, Any]]

    @property
    def groups(self) -> list[Group]:
        """The problems that are shown, by what they say."""
        return grouped(self.shown)


def grouped(problems: Iterable[dict[str, Any]]) -> list[Group]:
    """Every problem in the one group of those that give the same reason; the largest group first."""
    groups: dict[str, Group] = {}
    for problem in problems:
        reason = problem["reason"]
        groups.setdefault(reason, Group(reason, [])).places.append(problem)
    return sorted(groups.values(), key=lambda group: -len(group.places))


def kinds(dataset: Dataset, *, errors: bool) -> list[Kind]:
    """The kinds that were found, the most frequent first: errors, or warnings."""
    found = [
        Kind(kind, KINDS[kind][1], KINDS[kind][0], count, dataset.problems(kind=kind))
        for kind, count in dataset.problem_counts.items()
        if kind in KINDS and (KINDS[kind][0] != WARNING) == errors
    ]
    return sorted(found, key=lambda kind: -kind.count)


def problems_csv(problems: Iterable[dict[str, Any]]) -> Iterator[str]:
    """As lines of CSV that no spreadsheet takes for formulas."""
    columns = ["severity", "kind", "line", "field", "reason", "excerpt"]
    yield _csv_line(columns)
    for problem in problems:
        yield _csv_line([_harmless(problem.get(column)) for column in columns])


def _harmless(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv_line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
