"""What can be wrong with a file or a row, by kind. Pure."""

from dataclasses import dataclass

FATAL, ERROR, WARNING = "fatal", "error", "warning"

KINDS: dict[str, tuple[str, str]] = {
    # The file cannot be read, or not beyond this place.
    "unreadable": (FATAL, "The file cannot be read"),
    "empty_file": (FATAL, "Nothing in the file"),
    "wrong_type": (FATAL, "Not the kind of file it should be"),
    "encoding": (FATAL, "Not UTF-8"),
    "broken_json": (FATAL, "JSON that breaks off or is not valid"),
    "broken_csv": (FATAL, "CSV that cannot be read"),
    "broken_parquet": (FATAL, "Parquet that cannot be read"),
    "broken_compression": (FATAL, "Broken compression"),
    "too_much": (FATAL, "Larger than may be unpacked"),
    "unknown_columns": (FATAL, "Columns that no format has"),
    "nothing_to_train": (FATAL, "Nothing to train on"),
    "tokenizer": (FATAL, "No tokenizer to count with"),
    # The row cannot be trained on.
    "row_too_long": (ERROR, "Rows that are too long"),
    "row_encoding": (ERROR, "Rows that are not UTF-8"),
    "row_json": (ERROR, "Rows that are not valid JSON"),
    "missing_field": (ERROR, "Rows that lack a field"),
    "wrong_value": (ERROR, "Values of the wrong type"),
    "unknown_role": (ERROR, "Unknown roles"),
    "turn_order": (ERROR, "Turns out of order"),
    "bad_character": (ERROR, "Characters that are not text"),
    "formula": (ERROR, "Spreadsheet formulas"),
    "template": (ERROR, "Rows that the chat template refuses"),
    # The row can be trained on, but look at it.
    "empty_answer": (WARNING, "Empty answers"),
    "empty_message": (WARNING, "Empty messages"),
    "no_answer": (WARNING, "Rows without an answer to train on"),
    "unanswered_end": (WARNING, "Rows that end with a question"),
    "duplicate": (WARNING, "Duplicates"),
    "same_answer": (WARNING, "Suspiciously identical answers"),
    "too_long": (WARNING, "Longer than the model's context"),
    "secret": (WARNING, "Possible secrets"),
    "email": (WARNING, "E-mail addresses"),
}
"""Kind -> (severity, heading)."""

EXCERPT = 90
"""Characters."""
SHOWN = 100
"""Problems of each kind that are kept; those beyond are only counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding, in words for the person who made the file."""

    kind: str
    """A key of KINDS."""
    line: int | None
    """Line of a text file, row of a Parquet file, from 1; ``None`` for the file as a whole."""
    reason: str
    field: str = ""
    """Where in the row: ``messages[2].role``, a column; nothing for the row as a whole."""
    excerpt: str = ""
    """The file's text at that place, on one line."""

    @property
    def severity(self) -> str:
        """FATAL, ERROR or WARNING."""
        return KINDS[self.kind][0]


class FileProblem(Exception):
    """The file cannot be read, or not beyond some place; ``problem`` says why."""

    def __init__(self, kind: str, reason: str, *, line: int | None = None, excerpt: str = "") -> None:
        super().__init__(reason)
        self.problem = Problem(kind, line, reason, excerpt=excerpt)


def excerpt(text: str, at: int = 0) -> str:
    """EXCERPT characters of ``text`` around position ``at``, on one line, unprintable ones as Python escapes."""
    start = max(0, min(at - EXCERPT // 2, len(text) - EXCERPT))
    part = text[start : start + EXCERPT]
    shown = "".join(character if character.isprintable() else _visible(character) for character in part)
    return f"{'…' if start else ''}{shown}{'…' if start + EXCERPT < len(text) else ''}"


def _visible(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
