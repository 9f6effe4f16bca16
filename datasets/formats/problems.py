"""What can be wrong with a file or a row, by kind. Pure."""

import re
from dataclasses import dataclass

FATAL, ERROR, WARNING = "fatal", "error", "warning"

KINDS: dict[str, tuple[str, str]] = {
    # The file cannot be read, or not beyond this place.
    "unreadable": (FATAL, "The file cannot be read"),
    "empty_file": (FATAL, "The file is empty"),
    "wrong_type": (FATAL, "Wrong kind of file"),
    "encoding": (FATAL, "Not UTF-8"),
    "broken_json": (FATAL, "JSON that is cut short or not valid"),
    "broken_csv": (FATAL, "CSV that cannot be read"),
    "broken_parquet": (FATAL, "Parquet that cannot be read"),
    "broken_compression": (FATAL, "Broken compression"),
    "too_much": (FATAL, "Too large when unpacked"),
    "unknown_columns": (FATAL, "Columns that fit no format"),
    "preference": (FATAL, "Preference data"),
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
    "unexpected": (ERROR, "Rows that could not be read for an unexpected reason"),
    # The row is sound, but not for this base model.
    "template": (WARNING, "Rows that the model's chat template refuses"),
    # The row can be trained on, but look at it.
    "empty_answer": (WARNING, "Empty answers"),
    "empty_message": (WARNING, "Empty messages"),
    "no_answer": (WARNING, "Rows without an answer to train on"),
    "unanswered_end": (WARNING, "Rows that end with a question"),
    "duplicate": (WARNING, "Duplicates"),
    "same_answer": (WARNING, "Suspiciously identical answers"),
    "too_long": (WARNING, "Longer than a run's longest sequence"),
    "secret": (WARNING, "Possible secrets"),
    "email": (WARNING, "E-mail addresses"),
    "special_token": (WARNING, "Special tokens within messages, trained on as plain text"),
    "system_folded": (WARNING, "System messages put before the user's words"),
    "tools_as_text": (WARNING, "Tool calls written out as text"),
    "tools_left_out": (WARNING, "Tools that the chat template leaves out"),
    "reasoning_left_out": (WARNING, "Reasoning that the chat template leaves out"),
    "depends_on_tool": (WARNING, "Answers left out because they depend on tool results"),
    "assistant_first": (WARNING, "Conversations opened by the assistant"),
    "unknown_keys": (WARNING, "Unused keys"),
    "duplicate_keys": (WARNING, "Keys that occur twice in an object"),
    "values_ignored": (WARNING, "Unused values"),
}
"""Kind -> (severity, heading)."""

NOT_STORABLE = re.compile("[\0\ud800-\udfff]")
EXCERPT = 90
"""Characters."""
LONGEST_ERROR = 200
"""Characters of an unforeseen error that are shown."""
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


def unexpected(line: int, error: Exception, excerpt: str) -> Problem:
    """A row at which the program itself failed: that row's error, and no other's."""
    said = visible(f"{type(error).__name__}: {error}")[:LONGEST_ERROR]
    return Problem("unexpected", line, f"The row could not be read ({said}).", excerpt=excerpt)


def excerpt(text: str, at: int = 0) -> str:
    """EXCERPT characters of ``text`` around position ``at``, on one line, unprintable ones as Python escapes."""
    start = max(0, min(at - EXCERPT // 2, len(text) - EXCERPT))
    part = text[start : start + EXCERPT]
    return f"{'…' if start else ''}{visible(part)}{'…' if start + EXCERPT < len(text) else ''}"


def visible(text: str) -> str:
    """The text with what cannot be shown or stored (control characters, half surrogates) as Python escapes."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def storable(text: str) -> str:
    """The text with what no database stores (NUL, half surrogates) as Python escapes."""
    return NOT_STORABLE.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
