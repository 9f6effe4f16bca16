"""From a raw row to a conversation or to what is wrong with it. Pure."""

import json
import re
from typing import Any

from datasets.formats.encoding import describe
from datasets.formats.json_text import NOT_USABLE, decoder
from datasets.formats.options import Options
from datasets.formats.problems import EXCERPT, Problem, excerpt, unexpected
from datasets.formats.reading import Reading
from datasets.formats.rows import Conversation, Raw
from datasets.formats.shapes import read_row
from datasets.formats.values import RowProblem

FORMULA = re.compile(r"=\s*[A-Za-z][\w.]*\(|=\s*\$?[A-Z]{1,3}\$?\d+\b|[=+\-@]\w+\|'|[+\-@][A-Z]{2,}\(")
"""A spreadsheet's formula (``=SUM(``, ``=A1``, ``=cmd|'…``), not a text that only begins with such a sign."""


def parse(raw: Raw, options: Options) -> Conversation | Problem:
    """The row as a conversation, or what is wrong with it. Raises nothing, whatever the file holds."""
    try:
        return _parsed(raw, options)
    except MemoryError:
        raise
    except RecursionError:
        return Problem("row_json", raw.line, NOT_USABLE)
    except Exception as error:  # noqa: BLE001 - one row that nobody foresaw must not end the reading of a file
        return unexpected(raw.line, error, _beginning(raw))


def _beginning(raw: Raw) -> str:
    text = raw.data[: 4 * EXCERPT].decode("utf-8", "replace") if isinstance(raw.data, bytes) else str(raw.data)
    return excerpt(text)


def _parsed(raw: Raw, options: Options) -> Conversation | Problem:
    row: Any = raw.data
    reading = Reading(raw.line, options, list(raw.repeated))
    try:
        if isinstance(row, bytes):
            row = _json(row, reading.repeated)
        if options.container == "csv":
            _refuse_formulas(row)
        return read_row(row, reading)
    except UnicodeDecodeError as error:
        return describe("row_encoding", error, raw.offset, line=raw.line)
    except RowProblem as error:
        return error.at(raw.line, row if not isinstance(row, bytes) else row.decode("utf-8", "replace"))


def as_object(raw: Raw) -> dict[str, Any]:
    """The row's columns with their values; none for what is not an object or cannot be read."""
    try:
        row = _json(raw.data, []) if isinstance(raw.data, bytes) else raw.data
    except (UnicodeDecodeError, RowProblem):
        return {}
    return row if isinstance(row, dict) else {}


def _json(line: bytes, repeated: list[str]) -> Any:
    text = line.decode("utf-8")
    try:
        return decoder(repeated).decode(text)
    except json.JSONDecodeError as error:
        reason = f"Not valid JSON: {error.msg} (column {error.colno})."
        raise RowProblem("row_json", reason, excerpt=excerpt(text, error.pos)) from error
    except (RecursionError, ValueError) as error:
        raise RowProblem("row_json", NOT_USABLE, excerpt=excerpt(text)) from error


def _refuse_formulas(row: dict[str, str]) -> None:
    for column, value in row.items():
        if value and value[0] in "=+-@" and FORMULA.match(value):
            reason = f"{column} holds a spreadsheet formula, not text. Export the sheet's values."
            raise RowProblem("formula", reason, field=column, excerpt=excerpt(value))
