"""A data set's tokenized cache, read: an Arrow file mapped into memory.

Nothing is tokenized here, and a data set larger than memory is no harm. The cache carries the hash of its chat template
and some texts with their tokens, so that what was made for another tokenizer or template is refused, never trained on.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .data import Example
from .errors import TrainingError
from .windows import Measures, row_windows


@dataclass(frozen=True)
class Contents:
    """What a cache holds, at one longest sequence."""

    examples: list[Example]
    """In the file's order; those of one conversation follow each other."""
    conversations: int
    """All in the cache that hold an answer to learn."""
    truncated: int
    """Conversations longer than the longest sequence."""
    metadata: dict[str, Any]
    """Of the cache, by name (see ``datasets.tokenizing.cache``)."""


def read_contents(path: Path, tokenizer: Any, *, limit: int, choice: str) -> Contents:
    """The cache's examples that hold something to train on, as sequences of at most ``limit`` tokens.

    Args:
        path: of the cache.
        tokenizer: the base model's.
        limit: tokens of the longest sequence.
        choice: what becomes of longer ones, as ``windows`` has it.

    Raises:
        TrainingError: it cannot be read, is not this tokenizer's, or holds nothing to train on.
    """
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        metadata = {name.decode(): json.loads(value) for name, value in (reader.schema.metadata or {}).items()}
        batches = [reader.get_batch(index) for index in range(reader.num_record_batches)]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TrainingError(
            "data_invalid", f"The data set's tokens cannot be read ({error}). Validate the data set again."
        ) from error
    _require_same_tokens(metadata, tokenizer)
    lines = [_lines_of(batch, limit) for batch in batches]
    found = Contents(
        examples=[
            example for batch in batches for example in _examples(batch, limit, choice, is_text=metadata["is_text"])
        ],
        conversations=sum(count for count, _ in lines),
        truncated=sum(count for _, count in lines),
        metadata=metadata,
    )
    if not found.examples:
        raise TrainingError("data_invalid", _nothing(found, limit))
    return found


def _nothing(found: Contents, limit: int) -> str:
    if not found.truncated:
        return "The data set holds no assistant turn that could be trained on."
    return (
        f"Nothing of the data set can be trained on: {found.truncated:,} of its {found.conversations:,} conversations "
        f"are longer than the longest sequence of {limit:,} tokens. Choose a longer sequence length, or have them cut."
    )


def _lines_of(batch: pa.RecordBatch, limit: int) -> tuple[int, int]:
    """How many conversations a batch has, and how many longer than ``limit``; none lies in two batches."""
    has_answer = _lengths(batch, "spans") > 0
    lines = batch.column("line").to_numpy()[has_answer]
    return len(np.unique(lines)), len(np.unique(lines[_lengths(batch, "ids")[has_answer] > limit]))


def _lengths(batch: pa.RecordBatch, column: str) -> Any:
    return batch.column(column).value_lengths().to_numpy()


def _examples(batch: pa.RecordBatch, limit: int, choice: str, *, is_text: bool) -> list[Example]:
    """All of a batch's examples. Only rows that are too long or weighted, which are few, are looked at one by one."""
    lines, lengths = batch.column("line").to_numpy(), _lengths(batch, "ids")
    pairs, trained, is_learned = _learned(batch)
    is_plain = is_learned & (lengths <= limit) & (_lengths(batch, "weights") == 0)
    is_special = np.isin(lines, lines[~is_plain])
    columns = [column.tolist() for column in (lines, lengths, pairs, trained, is_special)]
    examples = [
        Example(batch, row, line, length, count, tokens)
        for row, (line, length, count, tokens, special) in enumerate(zip(*columns, strict=True))
        if not special
    ]
    special = np.flatnonzero(is_special).tolist()
    if not special:
        return examples
    for _, rows in groupby(special, key=lambda row: columns[0][row]):
        examples += _one_by_one(batch, list(rows), limit, choice, is_text=is_text)
    return sorted(examples, key=lambda example: example.row)


def _learned(batch: pa.RecordBatch) -> tuple[Any, Any, Any]:
    """Of each row: answers, learned tokens, and whether there is an answer and each has tokens to learn."""
    column = batch.column("spans")
    edges = column.offsets.to_numpy() // 2
    spans = column.values.to_numpy()
    begins, ends = spans[::2], spans[1::2]

    def total(of_each: Any) -> Any:
        return np.diff(np.concatenate(([0], np.cumsum(of_each)))[edges])

    pairs = np.diff(edges)
    trained = total(ends - np.maximum(begins, 1))
    return pairs, trained, (pairs > 0) & (total(ends <= np.maximum(begins, 1)) == 0)


def _one_by_one(batch: pa.RecordBatch, rows: list[int], limit: int, choice: str, *, is_text: bool) -> Iterator[Example]:
    """The examples of one conversation's rows, cut to the longest sequence."""
    measures = [
        Measures(
            length=len(batch.column("ids")[row].values),
            spans=batch.column("spans")[row].as_py(),
            weights=batch.column("weights")[row].as_py(),
            head=batch.column("head")[row].as_py(),
        )
        for row in rows
    ]
    for row, found in zip(rows, row_windows(measures, limit=limit, choice=choice, is_text=is_text), strict=True):
        line = batch.column("line")[row].as_py()
        for window in found:
            yield Example(batch, row, line, window.length, window.pairs, window.trained, window)


def _require_same_tokens(metadata: dict[str, Any], tokenizer: Any) -> None:
    """Raises TrainingError where this tokenizer has another template than the cache, or other tokens for its probes.

    No template is rendered: what one writes may depend on the day.
    """
    if not _has_same_template(metadata, tokenizer) or not _has_same_probes(metadata, tokenizer):
        raise TrainingError(
            "data_invalid",
            "The data set's tokens were made by another tokenizer or chat template than this base model's. Validate "
            "the data set again on a worker that has the model's present files.",
        )


def _has_same_template(metadata: dict[str, Any], tokenizer: Any) -> bool:
    try:
        source: str = tokenizer.get_chat_template()  # of several, the default one
    except ValueError:
        return False
    return hashlib.sha256(source.encode(errors="surrogatepass")).hexdigest() == metadata.get("template")


def _has_same_probes(metadata: dict[str, Any], tokenizer: Any) -> bool:
    mine = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in metadata["probes"]]
    return bool(mine == metadata["probe_ids"])
