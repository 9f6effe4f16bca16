"""Rows of a Parquet file, with the values that whoever wrote them had. Pure.

Arrow gives every struct all fields that any of them has, with null where a row had none, and maps as lists of pairs:
below a row, fields that are null are taken for absent, and maps are objects again.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import IO, Any

import pyarrow
import pyarrow.parquet
from pyarrow import types

from datasets.formats.encoding import describe
from datasets.formats.options import Options
from datasets.formats.problems import FileProblem, Problem, unexpected
from datasets.formats.rows import Raw

ROWS = 64
"""Rows decoded at once."""
BUFFER = 1024**2
"""Bytes read at once of a column."""

Convert = Callable[[Any], Any]
Converters = dict[str, Convert]
"""Column -> what makes of Arrow's Python values what the row had; only for those where they differ."""


def read_parquet(file: IO[bytes], _: Options) -> Iterator[Raw | Problem]:
    """Rows of a Parquet file, which must be seekable; ROWS at a time. Raises FileProblem."""
    number = 1
    with _file_errors():
        parquet = pyarrow.parquet.ParquetFile(file, buffer_size=BUFFER, pre_buffer=False)
        converters = {field.name: made for field in parquet.schema_arrow if (made := converter(field.type))}
        for batch in parquet.iter_batches(batch_size=ROWS, use_threads=False):
            yield from _rows(batch, number, converters)
            number += batch.num_rows


def _rows(batch: pyarrow.RecordBatch, number: int, converters: Converters) -> Iterator[Raw | Problem]:
    """A batch's rows; where one has no Python values, each for itself, so that it is the only one that is lost."""
    try:
        rows = batch.to_pylist()
    except (pyarrow.ArrowException, ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            yield _unreadable(error, number)
            return
        for index in range(batch.num_rows):
            yield from _rows(batch.slice(index, 1), number + index, converters)
        return
    for index, row in enumerate(rows):
        for name, convert in converters.items():
            row[name] = convert(row[name])
        yield Raw(number + index, row, size_of(row))


def _unreadable(error: Exception, line: int) -> Problem:
    if isinstance(error, UnicodeDecodeError):
        return describe("row_encoding", error, 0, line=line)
    return unexpected(line, error, "")


def converter(kind: pyarrow.DataType) -> Convert | None:
    """What makes of a value of an Arrow type what the row had; ``None`` where that is the same."""
    if types.is_map(kind):
        inner = converter(kind.item_type) or _same
        return lambda value: None if value is None else {str(key): inner(item) for key, item in value}
    if types.is_struct(kind):
        fields = {field.name: converter(field.type) or _same for field in kind}
        return lambda value: (
            None if value is None else {name: fields[name](item) for name, item in value.items() if item is not None}
        )
    if any(is_kind(kind) for is_kind in (types.is_list, types.is_large_list, types.is_fixed_size_list)):
        of_each = converter(kind.value_type)
        if of_each is None:
            return None
        return lambda value: None if value is None else [of_each(item) for item in value]
    return None


def _same(value: Any) -> Any:
    return value


def size_of(value: Any) -> int:
    """About how many bytes a value of a row takes: text by its characters, numbers 8."""
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(size_of(part) for part in value.values())
    return sum(size_of(part) for part in value) if isinstance(value, list) else 8


def parquet_size(file: IO[bytes]) -> tuple[int, int]:
    """Rows and unpacked bytes of a Parquet file, as its footer states them. Raises FileProblem."""
    with _file_errors():
        metadata = pyarrow.parquet.read_metadata(file)
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        return metadata.num_rows, sum(group.total_byte_size for group in groups)


@contextlib.contextmanager
def _file_errors() -> Iterator[None]:
    try:
        yield
    except (pyarrow.ArrowException, OSError, MemoryError, UnicodeDecodeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".")
        raise FileProblem("broken_parquet", f"The Parquet file cannot be read: {reason}.") from error
