"""A row on its way to a conversation: how it is read, and what is to be said of it besides. Pure."""

from dataclasses import dataclass, field
from typing import Any

from datasets.formats.json_text import decoder
from datasets.formats.options import Options
from datasets.formats.problems import visible
from datasets.formats.values import RowProblem

UNUSED_NAMED = 50
"""Keys of one row that are named as not used."""
LONGEST_NAME = 80
"""Characters of such a key that are shown."""


@dataclass(slots=True)
class Reading:
    """One row's."""

    line: int
    options: Options
    repeated: list[str] = field(default_factory=list)
    """Keys that stand twice in one of its objects."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    """Warnings: (kind of problem, what is to be said of it)."""
    unused: dict[str, None] = field(default_factory=dict)
    """Keys that nothing is made of, in the order in which they were met."""

    def note(self, kind: str, reason: str) -> None:
        """Warn of something in the row, once a kind."""
        if all(kind != known for known, _ in self.notes):
            self.notes.append((kind, visible(reason)))

    def ignore(self, key: str) -> None:
        """Say that nothing is made of a key."""
        if len(self.unused) < UNUSED_NAMED:
            self.unused[visible(key[:LONGEST_NAME])] = None

    def json(self, text: str, place: str) -> Any:
        """The value of JSON text in a cell or a call. Raises RowProblem where it is none."""
        repeated: list[str] = []
        try:
            value = decoder(repeated).decode(text)
        except (ValueError, RecursionError) as error:
            raise RowProblem("row_json", f"{place} is not valid JSON.", field=place) from error
        self.repeated += repeated
        return value

    def warnings(self) -> tuple[tuple[str, str], ...]:
        """All that was noted, with the keys that stand twice."""
        if self.repeated:
            names = ", ".join(f"“{name[:LONGEST_NAME]}”" for name in dict.fromkeys(self.repeated[:5]))
            self.note("duplicate_keys", f"{names} occurs more than once in one object; the last value is used.")
        return tuple(self.notes)
