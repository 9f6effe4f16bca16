"""The tokenized cache: one Arrow file that is mapped into memory, a row for every conversation.

Columns: ``line`` (int64), ``pairs`` (int32: learned answers), ``ids`` (list of int32: tokens), ``spans`` (list of
int32: learned tokens as positions from, to, from, to, …). The schema's metadata says for which tokenizer it was made.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from datasets.tokenizing.tokens import PROBES, ChatTokenizer

SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("pairs", pa.int32()),
        ("ids", pa.list_(pa.int32())),
        ("spans", pa.list_(pa.int32())),
    ]
)
HASHES = [pa.field("row_hash", pa.int64()), pa.field("answer_hash", pa.int64())]
PART_SCHEMA = pa.schema([*SCHEMA, *HASHES])
"""A part's columns, while the file is read: with the hashes that tell repeated rows (``checks.fingerprints``)."""


@dataclass(frozen=True, slots=True)
class CachedRow:
    """One conversation: its line in the data set's file, its tokens, and the learned ones (see the module)."""

    line: int
    ids: list[int]
    spans: list[int]


def schema_for(tokenizer: ChatTokenizer) -> pa.Schema:
    """SCHEMA with the tokenizer's fingerprint and the tokens that it makes of PROBES, for readers to compare."""
    about = {"fingerprint": tokenizer.fingerprint, "probes": PROBES, "probe_ids": tokenizer.probes()}
    return SCHEMA.with_metadata({name: json.dumps(value) for name, value in about.items()})


def write_part(path: Path, columns: dict[str, list[Any]]) -> None:
    """Write the part whole or not at all.

    Args:
        path: of the part.
        columns: by PART_SCHEMA's names, each with one entry a conversation.
    """
    batch = pa.record_batch(columns, schema=PART_SCHEMA)
    draft = path.with_suffix(".draft")
    with pa.OSFile(str(draft), "wb") as sink, pa.ipc.new_file(sink, PART_SCHEMA) as writer:
        writer.write_batch(batch)
    draft.replace(path)


def read_part(path: Path) -> pa.RecordBatch:
    """A part's rows, with PART_SCHEMA's columns. Raises OSError, and ArrowInvalid for a damaged part."""
    with pa.OSFile(str(path), "rb") as file:  # not mapped: what is read of it is given back with the batch
        return pa.ipc.open_file(file).get_batch(0)


def join(parts: Iterable[Path], target: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Write the parts' rows into one file, as the batches are taken from the iterator.

    Args:
        parts: in the file's order; empty ones are passed over.
        target: the cache's path.
        schema: as ``schema_for`` gives it.

    Yields:
        Each part with PART_SCHEMA's columns, after it was written.
    """
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for path in parts:
            batch = read_part(path)
            if batch.num_rows:
                writer.write_batch(batch.select(SCHEMA.names).replace_schema_metadata(schema.metadata))
                yield batch


def read_rows(file: IO[bytes], start: int, count: int) -> tuple[list[CachedRow], int]:
    """Some of a cache's rows, and how many it has in all; reads only the batches that hold them.

    Args:
        file: the cache, seekable.
        start: position of the first row, from 0.
        count: rows at most.
    """
    reader = pa.ipc.open_file(pa.PythonFile(file, mode="r"))
    rows: list[CachedRow] = []
    total = 0
    for index in range(reader.num_record_batches):
        batch = reader.get_batch(index)
        begin = max(0, start - total)
        if len(rows) < count and begin < batch.num_rows:
            rows += [CachedRow(row["line"], row["ids"], row["spans"]) for row in _some(batch, begin, count - len(rows))]
        total += batch.num_rows
    return rows, total


def _some(batch: pa.RecordBatch, begin: int, count: int) -> Sequence[dict[str, Any]]:
    rows: list[dict[str, Any]] = batch.slice(begin, count).to_pylist()
    return rows
