"""A data set's tokenized cache, read: an Arrow file mapped into memory.

Nothing is tokenized here, and a data set larger than memory is no harm. The cache carries the hash of its chat template
and some texts with their tokens, so that what was made for another tokenizer or template is refused, never trained on.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .columns import Columns
from .data import Example
from .errors import TrainingError


@dataclass
class Contents:
    """What a cache holds, at one longest sequence."""

    metadata: dict[str, Any]
    """Of the cache, by name (see ``datasets.tokenizing.cache``)."""
    examples: list[Example] = field(default_factory=list)
    """In the file's order; those of one conversation follow each other."""
    conversations: int = 0
    """All that are in the cache and hold an answer."""
    truncated: int = 0
    """Those of them that are longer than the longest sequence."""


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
    found = Contents(metadata)
    for batch in batches:
        _add(found, batch, Columns(batch, limit), limit, choice)
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


def _add(found: Contents, batch: pa.RecordBatch, columns: Columns, limit: int, choice: str) -> None:
    """A batch's examples, and its conversations, none of which lies in two batches."""
    lines = columns.lines[columns.is_learned]
    found.conversations += len(np.unique(lines))
    found.truncated += len(np.unique(lines[columns.lengths[columns.is_learned] > limit]))
    places = np.flatnonzero(columns.is_whole)
    figures = (column[places].tolist() for column in (columns.lines, columns.lengths, columns.pairs, columns.trained))
    examples = [Example(batch, *about) for about in zip(places.tolist(), *figures, strict=True)]
    apart = [
        Example(batch, place, line, window.length, window.pairs, window.trained, window)
        for line, row, _, made in columns.apart(choice=choice, is_text=found.metadata["is_text"])
        for place, windows in zip(row, made, strict=True)
        for window in windows
    ]
    found.examples += sorted(examples + apart, key=lambda example: example.row) if apart else examples


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
