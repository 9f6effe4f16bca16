"""The tokenized cache: one Arrow file that is mapped into memory, a row for every example.

A conversation is one example, or several, one after another, where the model's template rewrites earlier turns.
Columns: ``line`` (int64: the conversation's), ``pairs`` (int32: learned answers), ``ids`` (list of int32: tokens),
``spans`` (list of int32: learned tokens as positions from, to, from, to, …), ``weights`` (list of float32: what each
span's loss counts; empty where all count 1), ``head`` (int32: tokens at the beginning that stay when the history is
cut). The schema's metadata says for which tokenizer it was made, on which day, and what was made of the conversations.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from datasets.tokenizing.tokens import ChatTokenizer

SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("pairs", pa.int32()),
        ("ids", pa.list_(pa.int32())),
        ("spans", pa.list_(pa.int32())),
        ("weights", pa.list_(pa.float32())),
        ("head", pa.int32()),
    ]
)
HASHES = [pa.field("row_hash", pa.int64()), pa.field("answer_hash", pa.int64())]
PART_SCHEMA = pa.schema([*SCHEMA, *HASHES])
"""A part's columns, while the file is read: with the hashes that tell repeated rows (``checks.fingerprints``)."""


@dataclass(frozen=True, slots=True)
class CachedRow:
    """One example: its conversation's line in the data set's file, its tokens, the learned ones (see the module)."""

    line: int
    ids: list[int]
    spans: list[int]


def schema_for(tokenizer: ChatTokenizer, *, is_text: bool, notes: Mapping[str, int]) -> pa.Schema:
    """SCHEMA with what a reader must know to take the tokens for its own model's.

    Args:
        tokenizer: that made them. Its fingerprint, its template's hash and some texts with their tokens go along.
        is_text: all rows are plain text.
        notes: kind of problem -> conversations, of what was done to have the template take them.
    """
    probes = tokenizer.probes()
    about = {
        "fingerprint": tokenizer.fingerprint,
        "date": tokenizer.today.isoformat(),
        "is_dated": tokenizer.template.is_dated,
        "template": hashlib.sha256(tokenizer.files.template.encode()).hexdigest(),
        "probes": [text for text, _ in probes],
        "probe_ids": [ids for _, ids in probes],
        "is_text": is_text,
        "notes": dict(notes),
    }
    return SCHEMA.with_metadata({name: json.dumps(value) for name, value in about.items()})


def write_part(path: Path, columns: dict[str, list[Any]]) -> None:
    """Write the part whole or not at all.

    Args:
        path: of the part.
        columns: by PART_SCHEMA's names, each with one entry an example.
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
