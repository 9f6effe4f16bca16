"""The problems of a data set, as pages, the API and downloads show them."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from datasets.formats.problems import KINDS, WARNING
from datasets.models import Dataset

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Kind:
    """All problems of one kind."""

    kind: str
    title: str
    severity: str
    count: int
    shown: list[dict[str, Any]]


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
