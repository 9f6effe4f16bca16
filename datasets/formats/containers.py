"""Rows out of a file: JSON Lines, a JSON array, CSV, Parquet. Pure, streaming, in bounded memory.

Each reader yields a Raw for every row, or a Problem for a row that cannot be read, and raises FileProblem where it
cannot read on.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from datasets.formats.compression import too_much, unpack, unpack_to
from datasets.formats.encoding import BOM, not_utf8
from datasets.formats.json_array import read_json_array
from datasets.formats.options import Options
from datasets.formats.parquet import parquet_size, read_parquet
from datasets.formats.problems import FileProblem, Problem, excerpt
from datasets.formats.rows import LONGEST_ROW, LONGEST_ROW_SHOWN, Raw

SEPARATOR_LINE = re.compile(r'"?sep=(?P<delimiter>.)"?', re.IGNORECASE)
"""What Excel writes and reads before the header."""
csv.field_size_limit(LONGEST_ROW)

Row = Raw | Problem


def read_jsonl(file: IO[bytes], _: Options) -> Iterator[Row]:
    """One JSON value a line, not decoded yet; blank lines are passed over. Raises nothing."""
    offset = 0
    for number, (line, size) in enumerate(_lines(file), start=1):
        if line is None:
            yield Problem("row_too_long", number, f"The line is longer than {LONGEST_ROW_SHOWN}. Split the row.")
        else:
            skipped = len(BOM) if number == 1 and line.startswith(BOM) else 0
            if line[skipped:].strip():
                yield Raw(number, line[skipped:], size, offset + skipped)
        offset += size


def _lines(file: IO[bytes]) -> Iterator[tuple[bytes | None, int]]:
    """Lines without their end, and their size with it; ``None`` for one too long, which is skipped in pieces."""
    while line := file.readline(LONGEST_ROW + 1):
        size = len(line)
        if line.endswith(b"\n") or size <= LONGEST_ROW:
            yield line.rstrip(b"\r\n"), size
            continue
        while rest := file.readline(LONGEST_ROW):
            size += len(rest)
            if rest.endswith(b"\n"):
                break
        yield None, size


class _FromOldMacs(io.RawIOBase):
    """A file whose lines end in CR alone, with line feeds in their place."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer)).replace(b"\r", b"\n")
        buffer[: len(data)] = data
        return len(data)


def _with_line_feeds(file: IO[bytes]) -> IO[bytes]:
    """The file as one whose lines end in LF; those of old spreadsheets end in CR."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(file)  # type: ignore[type-var]
    head = buffered.peek(1)
    return io.BufferedReader(_FromOldMacs(buffered)) if b"\r" in head and b"\n" not in head else buffered


class _Text:
    """The lines of a CSV file, decoded; knows where it is and how long the row has become that is being read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._lines = _lines(file)
        self._offset = 0
        self.line = 0
        self.row_bytes = 0

    def __iter__(self) -> "_Text":
        return self

    def __next__(self) -> str:
        data, size = next(self._lines)
        self.line += 1
        self.row_bytes += size
        if data is None or self.row_bytes > LONGEST_ROW:
            raise FileProblem(
                "broken_csv",
                f"A row is longer than {LONGEST_ROW_SHOWN}. Most often, a quote was opened and never closed.",
                line=self.line,
            )
        if self.line == 1:
            data = data.removeprefix(BOM)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise not_utf8(error, self._offset, line=self.line) from error
        self._offset += size
        return text + "\n"


def read_csv(file: IO[bytes], options: Options) -> Iterator[Row]:
    """Rows by the names in the header line. A row's line is the one that it begins on. Raises FileProblem."""
    text = _Text(_with_line_feeds(file))
    reader = csv.reader(text, delimiter=options.delimiter, strict=True)
    header: list[str] = []
    repeated: tuple[str, ...] = ()
    while True:
        line, text.row_bytes = text.line + 1, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileProblem("broken_csv", f"Not valid CSV: {error}.", line=line) from error
        if not any(cells) or (line == 1 and SEPARATOR_LINE.fullmatch(options.delimiter.join(cells))):
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            repeated = tuple(name for name, count in Counter(header).items() if count > 1 and name)
        elif len(cells) > len(header):
            reason = f"{len(cells)} values, but the header has {len(header)} columns. Quote values that hold commas."
            yield Problem("wrong_value", line, reason, excerpt=excerpt(options.delimiter.join(cells)))
        else:
            yield Raw(line, dict(zip(header, cells, strict=False)), text.row_bytes, repeated=repeated)


READERS: dict[str, Callable[[IO[bytes], Options], Iterator[Row]]] = {
    "jsonl": read_jsonl,
    "json": read_json_array,
    "csv": read_csv,
    "parquet": read_parquet,
}


class Rows:
    """The rows of a file, and how much of it has been read. Iterating raises FileProblem where it cannot read on."""

    def __init__(self, path: Path, options: Options, *, limit: int, scratch: Path) -> None:
        """Open the file.

        Args:
            path: where it is stored.
            options: how it is read.
            limit: bytes that it may unpack to.
            scratch: a folder for a Parquet file that has to be unpacked.
        """
        self._options, self._limit, self._scratch = options, limit, scratch
        self._file = path.open("rb")
        self._size = max(1, path.stat().st_size)
        self._rows = self._bytes = 0
        self.count = 0

    def __enter__(self) -> "Rows":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Row]:
        is_parquet = self._options.container == "parquet"
        stream = self._seekable() if is_parquet else unpack(self._file, self._options.compression, limit=self._limit)
        if is_parquet:
            self._rows, size = parquet_size(stream)
            if size > self._limit:
                raise too_much(self._limit)
        for row in READERS[self._options.container](stream, self._options):
            self.count += 1
            self._bytes += row.size if isinstance(row, Raw) else 0
            if self._bytes > self._limit:  # a Parquet file's dictionaries unpack to more than its footer says
                raise too_much(self._limit)
            if isinstance(row, Raw) and row.size > LONGEST_ROW:
                yield Problem("row_too_long", row.line, f"The row is longer than {LONGEST_ROW_SHOWN}. Split it.")
            else:
                yield row

    def _seekable(self) -> IO[bytes]:
        """Parquet is read from its end, so it cannot be unpacked on the way."""
        if not self._options.compression:
            return self._file
        unpacked = self._scratch / "unpacked.parquet"
        unpack_to(self._file, self._options.compression, unpacked, limit=self._limit)
        self._file.close()
        self._file = unpacked.open("rb")
        return self._file

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return min(1.0, self.count / self._rows if self._rows else self._file.tell() / self._size)
