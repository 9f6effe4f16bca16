"""Values of a row: text and JSON that can be trained on, and why a value is neither. Pure."""

import json
import re
from typing import Any

from datasets.formats.problems import Problem, excerpt, visible

SURROGATE = re.compile("[\ud800-\udfff]")
ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""NUL in JSON text, and not an escaped backslash before ``u0000``."""


class RowProblem(Exception):
    """Why a row cannot be trained on: the fields of a Problem, but for the line, which only the caller knows."""

    def __init__(self, kind: str, reason: str, *, field: str = "", excerpt: str = "") -> None:
        super().__init__(reason)
        self.kind, self.reason, self.field, self.excerpt = kind, reason, field, excerpt

    def at(self, line: int, row: Any) -> Problem:
        """As a finding about ``line``; the excerpt is the row's beginning where nothing better is known."""
        shown_row = self.excerpt or excerpt(compact(row))
        return Problem(self.kind, line, visible(self.reason), visible(self.field), shown_row)


def text_of(value: Any, place: str) -> str:
    """Text, also from OpenAI's parts ``[{"type": "text", "text": …}]``.

    Raises:
        RowProblem: it is anything else, or holds a character that is no text (NUL, half a surrogate pair).
    """
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        for part in value:
            if not isinstance(part.get("text"), str):
                kind = shown(part.get("type"))
                reason = f"{place} holds a part of type {kind}; only text can be trained on."
                raise RowProblem("wrong_value", reason, field=place)
        value = "".join(part["text"] for part in value)
    if not isinstance(value, str):
        raise RowProblem("wrong_value", f"{place} must be text, but is {shown(value)}.", field=place)
    if "\0" in value:
        raise _nul(value, value.index("\0"), place)
    if not value.isascii() and (half := SURROGATE.search(value)):
        raise _half(value, half.start(), place)
    return value


def require_json(value: Any, place: str) -> None:
    """Refuse what JSON cannot hold, and characters that are no text, in keys and values at any depth.

    Raises:
        RowProblem: it holds NUL, half a surrogate pair, a number that is none, a value of another type.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        reason = f"{place} is not JSON: {shown(value)} ({error})."
        raise RowProblem("wrong_value", reason, field=place) from error
    if nul := ESCAPED_NUL.search(text):
        raise _nul(text, nul.start(), place)
    if not text.isascii() and (half := SURROGATE.search(text)):
        raise _half(text, half.start(), place)


def _nul(text: str, at: int, place: str) -> RowProblem:
    return RowProblem("bad_character", f"{place} holds a NUL character.", field=place, excerpt=excerpt(text, at))


def _half(text: str, at: int, place: str) -> RowProblem:
    reason = f"{place} holds half a surrogate pair, which is not valid Unicode."
    return RowProblem("bad_character", reason, field=place, excerpt=excerpt(text, at))


def compact(value: Any) -> str:
    """A value as one line of JSON; what JSON does not know, as its ``str``."""
    return json.dumps(value, ensure_ascii=False, default=str)


def shown(value: Any) -> str:
    """A value as error texts show it: JSON in ASCII, at most 40 characters."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 40 else f"{text[:39]}…"
