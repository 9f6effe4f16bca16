"""What a data set's file may hold, row by row. Pure: no Django.

A format is a reader: from a binary file to a stream of conversations and row errors, in bounded memory. READERS is
the one place that knows them all.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, Any

LONGEST_LINE = 8 * 1024**2
"""Bytes; a conversation beyond it is an error, told without reading it into memory."""
ROLES = ("system", "user", "assistant")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Conversation:
    """One row that can be trained on."""

    line: int
    messages: list[dict[str, str]]

    @property
    def pairs(self) -> int:
        """Assistant turns: each is trained on, with all before it as its context."""
        return sum(message["role"] == "assistant" for message in self.messages)


@dataclass(frozen=True)
class RowError:
    """What is wrong with one row, in words for the person who wrote it."""

    line: int
    reason: str


Row = Conversation | RowError


def read_openai_chat(file: IO[bytes]) -> Iterator[Row]:
    """JSON Lines, one ``{"messages": [{"role", "content"}, …]}`` a line. Blank lines are passed over."""
    number = 0
    for number, line in enumerate(_lines(file), start=1):
        if line is None:
            yield RowError(number, f"The line is longer than {LONGEST_LINE // 1024**2} MB. Split the conversation.")
            continue
        if number == 1:
            line = line.removeprefix(BOM)
            if line.lstrip().startswith(b"["):
                yield RowError(number, "This looks like a JSON array. Write one conversation a line instead.")
                return
        if line.strip():
            yield _openai_chat_row(number, line)
    if number == 0:
        yield RowError(1, "The file is empty.")


READERS: dict[str, Callable[[IO[bytes]], Iterator[Row]]] = {
    "openai_chat": read_openai_chat,
}


def _lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Lines without their end; ``None`` for one that is too long, which is skipped in pieces."""
    while line := file.readline(LONGEST_LINE + 1):
        if line.endswith(b"\n") or len(line) <= LONGEST_LINE:
            yield line.rstrip(b"\r\n")
            continue
        while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass
        yield None


def _openai_chat_row(number: int, line: bytes) -> Row:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return RowError(number, f"Not UTF-8: byte {error.object[error.start]:#04x} at position {error.start + 1}.")
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        return RowError(number, f"Not valid JSON: {error.msg} (column {error.colno}).")
    except (RecursionError, ValueError):
        return RowError(number, "Not usable JSON: nested too deeply, or a number with too many digits.")
    if not isinstance(row, dict) or "messages" not in row:
        return RowError(number, 'There is no "messages". A line is {"messages": [{"role": …, "content": …}, …]}.')
    reason = _problem_with(row["messages"])
    if reason:
        return RowError(number, reason)
    messages = [{"role": message["role"], "content": message["content"]} for message in row["messages"]]
    return Conversation(number, messages)


def _problem_with(messages: Any) -> str | None:
    """Why these messages are no conversation to train on, or ``None``."""
    if not isinstance(messages, list) or not messages:
        return '"messages" must be a list of at least one user and one assistant message.'
    for index, message in enumerate(messages):
        if reason := _problem_with_message(message):
            return f"messages[{index}]{reason}"
    turns = [message["role"] for message in messages]
    if "system" in turns[1:]:
        return f"messages[{turns.index('system', 1)}]: a system message may only come first."
    turns = turns[1:] if turns[0] == "system" else turns
    if not turns or turns[0] != "user":
        return "The conversation must begin with a user message (after the system message, if there is one)."
    for first, second in pairwise(turns):
        if first == second:
            return f"User and assistant must take turns, but two {first} messages follow each other."
    if turns[-1] != "assistant":
        return "The last message is the user's. End with the assistant's answer, which is what is trained on."
    return None


def _problem_with_message(message: Any) -> str | None:
    if not isinstance(message, dict):
        return ' is no object with "role" and "content".'
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str) or role not in ROLES:
        return f".role is {_shown(role)}; use system, user or assistant."
    if not isinstance(content, str):
        return f".content must be text, but is {_shown(content)}."
    if not content.strip():
        return ".content is empty."
    if "\0" in content:
        return ".content holds a NUL character."
    if not content.isprintable() and any("\ud800" <= character <= "\udfff" for character in content):
        return ".content holds half a surrogate pair, which is not valid Unicode."
    return None


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 40 else f"{text[:39]}…"
