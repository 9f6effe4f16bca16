"""A JSON array, one element at a time: the standard library's decoder on a window that slides over the file. Pure.

Own code rather than ijson: an error has to name its line, and an element too long must not be read into memory.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import IO, Any

from datasets.formats.encoding import BOM, not_utf8
from datasets.formats.json_text import decoder
from datasets.formats.options import Options
from datasets.formats.problems import FileProblem, Problem, excerpt
from datasets.formats.rows import LONGEST_ROW, LONGEST_ROW_SHOWN, Raw

BLOCK = 256 * 1024
"""Bytes read at once, at least."""
SPACE = re.compile(r"[ \t\r\n]*")
WRAPPED = re.compile(r'\{\s*"(?P<key>[^"\\]{1,200})"\s*:\s*\[\s*(?=\{)')
"""The beginning of an object around the array, ``{"data": [{``, up to its first row."""


class _Window:
    """The part of the text that is being looked at, and where it stands in the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._bytes = 0
        self._line, self._line_at = 1, 0
        self.text = ""
        self.at = 0
        self.is_whole = False
        """Nothing follows the window."""

    def line(self, at: int | None = None) -> int:
        """The line of a position at or after the last one that was asked for; of the present one by default."""
        at = self.at if at is None else at
        self._line += self.text.count("\n", self._line_at, at)
        self._line_at = at
        return self._line

    def grow(self) -> None:
        """Forget what has been passed, and read on: at least a block, twice as much if what is there is longer."""
        self.line()
        self._line_at = 0
        self.text, self.at = self.text[self.at :], 0
        data = self._file.read(max(BLOCK, len(self.text)))
        start = self._bytes
        if start == 0:
            data = data.removeprefix(BOM)
        pending = len(self._decode.getstate()[0])
        try:
            self.text += self._decode.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise not_utf8(error, start - pending, line=None) from error
        self._bytes += len(data)
        self.is_whole = not data

    def next(self) -> str:
        """The next character that is no space, or nothing at the end of the file."""
        while True:
            if space := SPACE.match(self.text, self.at):
                self.at = space.end()
            if self.at < len(self.text) or self.is_whole:
                return self.text[self.at : self.at + 1]
            self.grow()

    def fail(self, reason: str, at: int | None = None) -> FileProblem:
        """The error that names the line of position ``at``; of the present one by default."""
        at = self.at if at is None else at
        return FileProblem("broken_json", reason, line=self.line(at), excerpt=excerpt(self.text, at))

    def value(self) -> tuple[Any, int, list[str]]:
        """The value that begins here, its length, and the keys that stand twice in one of its objects.

        Raises:
            FileProblem: there is none, or it is too long.
        """
        while True:
            repeated: list[str] = []
            try:
                found, end = decoder(repeated).raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                self._more_or_fail(f"Not valid JSON: {error.msg}.", error.pos)
            except (RecursionError, ValueError) as error:
                raise self.fail("Not usable JSON: nested too deeply, or a number with too many digits.") from error
            else:
                size, self.at = end - self.at, end
                return found, size, repeated

    def _more_or_fail(self, reason: str, position: int) -> None:
        if self.is_whole:
            raise self.fail(reason, min(position, len(self.text)))
        if len(self.text) - self.at > LONGEST_ROW:
            too_long = f"An element does not end within {LONGEST_ROW_SHOWN}: it is too long, or not valid. {reason}"
            raise self.fail(too_long)
        self.grow()


def read_json_array(file: IO[bytes], _: Options) -> Iterator[Raw | Problem]:
    """The elements of an array (RFC 8259, section 5), which may be the one value of an object around it.

    A row's line is the one that its element begins on.

    Raises:
        FileProblem: it is no valid JSON, no array, or breaks off.
    """
    window = _Window(file)
    is_wrapped = _enter(window)
    if window.next() == "]":
        window.at += 1
    else:
        yield from _elements(window)
    if is_wrapped:
        if window.next() != "}":
            raise window.fail("The object around the rows should end here: it may hold nothing beside their list.")
        window.at += 1
    if window.next():
        raise window.fail(f"Something follows the {'object' if is_wrapped else 'array'}'s end.")


def _enter(window: _Window) -> bool:
    """Go to the first element; whether an object stands around the array. Raises FileProblem."""
    is_wrapped = window.next() == "{"
    if is_wrapped:
        window.at += 1
        window.next()
        window.value()
        if window.next() == ":":
            window.at += 1
    if window.next() != "[":
        raise window.fail("The file should begin with “[”.")
    window.at += 1
    return is_wrapped


def _elements(window: _Window) -> Iterator[Raw | Problem]:
    """The array's elements up to its end, which is passed over. Raises FileProblem."""
    while True:
        window.next()
        line = window.line()
        yield _row(window, line)
        match window.next():
            case ",":
                window.at += 1
            case "]":
                window.at += 1
                return
            case "":
                raise window.fail("The file is cut short: the closing “]” is missing.")
            case _:
                raise window.fail("A comma or the closing “]” should stand here.")


def _row(window: _Window, line: int) -> Raw | Problem:
    value, size, repeated = window.value()
    if isinstance(value, dict):
        return Raw(line, value, size, repeated=tuple(repeated))
    shown = excerpt(window.text[window.at - size : window.at])
    return Problem("wrong_value", line, "The element is not an object ({…}).", excerpt=shown)
