"""What has been found in a file: figures, and problems of which all are counted and the first of each kind kept."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from datasets.formats.lengths import Lengths
from datasets.formats.problems import ERROR, FATAL, KINDS, SHOWN, WARNING, Problem

SUMS = ("rows", "conversations", "pairs", "turns", "examples", "tokens", "trained_tokens", "duplicates")
MOST_UNUSED = 50
"""Names of unused keys that are kept; a file may have as many as rows."""
OTHERS = "…"


@dataclass
class Findings:
    """What reading a file, or a part of it, has found."""

    rows: int = 0
    """Rows read, good and bad."""
    conversations: int = 0
    """Rows that can be trained on, by what stands in the file."""
    pairs: int = 0
    """Learned answers of theirs."""
    turns: int = 0
    examples: int = 0
    """What the model's template makes of them."""
    tokens: int = 0
    """Of all examples."""
    trained_tokens: int = 0
    duplicates: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    """Kind -> problems of it, in all."""
    shown: dict[str, list[Problem]] = field(default_factory=dict)
    """Kind -> the first SHOWN problems of it, in the file's order."""
    unused: dict[str, int] = field(default_factory=dict)
    """Key that nothing is made of -> rows that have it."""
    lengths: Lengths = field(default_factory=Lengths)
    """Of the examples."""

    def add(self, problem: Problem) -> None:
        """Count a problem, and keep it if it is among the first of its kind."""
        self.counts[problem.kind] = self.counts.get(problem.kind, 0) + 1
        self._show([problem])

    def add_counted(self, kind: str, count: int, first: Iterable[Problem]) -> None:
        """Add ``count`` problems of a kind that were counted elsewhere, with the ``first`` of them."""
        if count:
            self.counts[kind] = self.counts.get(kind, 0) + count
            self._show(first)

    def add_unused(self, key: str, rows: int = 1) -> None:
        """Count a key that nothing is made of."""
        name = key if key in self.unused or len(self.unused) < MOST_UNUSED else OTHERS
        self.unused[name] = self.unused.get(name, 0) + rows

    def _show(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            kept = self.shown.setdefault(problem.kind, [])
            if len(kept) < SHOWN:
                kept.append(problem)

    def merge(self, other: "Findings") -> None:
        """Add what was found in the following rows."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for key, count in other.unused.items():
            self.add_unused(key, count)
        for kind, count in other.counts.items():
            self.add_counted(kind, count, other.shown[kind])
        self.lengths.merge(other.lengths)

    def count(self, severity: str) -> int:
        """Problems of a severity: FATAL, ERROR or WARNING."""
        return sum(count for kind, count in self.counts.items() if KINDS[kind][0] == severity)

    @property
    def is_complete(self) -> bool:
        """The file was read to its end."""
        return not self.count(FATAL)

    @property
    def bad_rows(self) -> int:
        """Rows that cannot be trained on."""
        return self.count(ERROR)

    @property
    def warnings(self) -> int:
        """Problems that do not keep a row from being trained on."""
        return self.count(WARNING)

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as JSON has them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Findings":
        """From what ``to_dict`` gave. Raises KeyError and TypeError for anything else."""
        shown = {kind: [Problem(**problem) for problem in problems] for kind, problems in values["shown"].items()}
        return cls(**values | {"shown": shown, "lengths": Lengths(**values["lengths"])})
