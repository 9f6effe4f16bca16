"""What makes messages a conversation that can be trained on. Pure."""

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

from datasets.formats.problems import Problem, excerpt
from datasets.formats.rows import Conversation, Message

SURROGATE = re.compile("[\ud800-\udfff]")


class RowProblem(Exception):
    """Why a row cannot be trained on: the fields of a Problem, but for the line, which only the caller knows."""

    def __init__(self, kind: str, reason: str, *, field: str = "", excerpt: str = "") -> None:
        super().__init__(reason)
        self.kind, self.reason, self.field, self.excerpt = kind, reason, field, excerpt

    def at(self, line: int, row: Any) -> Problem:
        """As a finding about ``line``; the excerpt is the row's beginning where nothing better is known."""
        return Problem(self.kind, line, self.reason, self.field, self.excerpt or excerpt(compact(row)))


class Placed(Protocol):
    """A message that knows where in the row it stands."""

    @property
    def message(self) -> Message:
        """What was said."""

    @property
    def place(self) -> str:
        """For error texts: ``messages[2]``, a column's name."""


def build(line: int, steps: Sequence[Placed], place: str) -> Conversation:
    """A conversation: at most one system message, then user and assistant in turns, the user first.

    Args:
        line: the row's line in its file.
        steps: its messages in order.
        place: what to name where there is no message.

    Raises:
        RowProblem: the turns are out of order.
    """
    messages = tuple(step.message for step in steps)
    turns = [(step.message.role, step.place) for step in steps]
    for role, where in turns[1:]:
        if role == "system":
            raise RowProblem("turn_order", f"{where}: a system message may only come first.", field=where)
    if turns and turns[0][0] == "system":
        turns = turns[1:]
    if not turns or turns[0][0] != "user":
        reason = "The conversation must begin with a user message (after the system message, if there is one)."
        raise RowProblem("turn_order", reason, field=turns[0][1] if turns else place)
    for (first, _), (second, where) in pairwise(turns):
        if first == second:
            reason = f"User and assistant must take turns, but two {first} messages follow each other."
            raise RowProblem("turn_order", reason, field=where)
    return Conversation(line, messages)


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
        at = value.index("\0")
        raise RowProblem("bad_character", f"{place} holds a NUL character.", field=place, excerpt=excerpt(value, at))
    if not value.isascii() and (half := SURROGATE.search(value)):
        reason = f"{place} holds half a surrogate pair, which is not valid Unicode."
        raise RowProblem("bad_character", reason, field=place, excerpt=excerpt(value, half.start()))
    return value


def compact(value: Any) -> str:
    """A value as one line of JSON; what JSON does not know, as its ``str``."""
    return json.dumps(value, ensure_ascii=False, default=str)


def shown(value: Any) -> str:
    """A value as error texts show it: JSON in ASCII, at most 40 characters."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 40 else f"{text[:39]}…"
