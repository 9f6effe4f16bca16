"""What a run would train on, counted from a data set's tokens: exactly what the trainer's windows make of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from datasets.formats.lengths import Lengths
from datasets.formats.problems import SHOWN
from training.trainer.windows import Measures, Window, row_windows


@dataclass
class Counted:
    """The columns of a DataFit that are counted."""

    conversations: int = 0
    pairs: int = 0
    sequences: int = 0
    tokens: int = 0
    trained_tokens: int = 0
    longest_uncut: int = 0
    truncated: int = 0
    dropped: int = 0
    lost_count: int = 0
    lost: list[dict[str, Any]] = field(default_factory=list)
    lengths: Lengths = field(default_factory=Lengths)

    def figures(self) -> dict[str, Any]:
        """By the columns' names."""
        counts = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "lengths"}
        return counts | {"longest": self.lengths.longest, "histogram": self.lengths.histogram()}

    def lose(self, line: int, reason: str) -> None:
        """A row, or answers of it, that a run would not train on."""
        self.lost_count += 1
        if len(self.lost) < SHOWN:
            self.lost.append({"line": line, "kind": "too_long", "reason": reason})


def count(path: Path, *, limit: int, choice: str, is_text: bool) -> Counted:
    """Read a token cache through; only rows that are longer than ``limit`` or weighted are looked at one by one.

    Args:
        path: an Arrow file, as ``datasets.tokenizing.cache`` describes it.
        limit: tokens of the longest sequence.
        choice: what becomes of longer rows (``windows.SPLIT``, ``CUT`` or ``DROP``).
        is_text: its rows are plain text.

    Raises OSError, ArrowInvalid.
    """
    counted = Counted()
    with pa.memory_map(str(path)) as file:
        reader = pa.ipc.open_file(file)
        for index in range(reader.num_record_batches):
            examples = _Examples(reader.get_batch(index), limit)
            _count_whole(counted, examples)
            for line, row in examples.rows_apart():
                counted.truncated += any(example.length > limit for example in row)
                _count_row(counted, line, row, row_windows(row, limit=limit, choice=choice, is_text=is_text), limit)
    return counted


class _Examples:
    """A batch's columns as arrays."""

    def __init__(self, batch: pa.RecordBatch, limit: int) -> None:
        self._batch = batch
        self.lines = batch.column("line").to_numpy()
        self.pairs = batch.column("pairs").to_numpy()
        self.lengths = batch.column("ids").value_lengths().to_numpy()
        self.is_learned = self.pairs > 0
        edges = batch.column("spans").flatten().to_numpy()
        begins, ends = np.maximum(edges[::2], 1), edges[1::2]  # nothing foretells a sequence's first token
        self.trained = self._totals(ends - begins)
        is_weighted = batch.column("weights").value_lengths().to_numpy() > 0
        apart = (self.lengths > limit) | is_weighted | (self._totals(ends <= begins) > 0)
        self.is_apart = self.is_learned & np.isin(self.lines, self.lines[apart])

    def _totals(self, of_each: Any) -> Any:
        """The sum of a figure of each answer, for each example."""
        stops = np.cumsum(self.pairs, dtype=np.int64)
        sums = np.concatenate(([0], np.cumsum(of_each, dtype=np.int64)))
        return sums[stops] - sums[stops - self.pairs]

    def rows_apart(self) -> Iterator[tuple[int, list[Measures]]]:
        """The rows that windows must be asked about, by their lines."""
        for line, indices in groupby(np.flatnonzero(self.is_apart).tolist(), key=lambda index: self.lines[index]):
            yield int(line), [self._measures(index) for index in indices]

    def _measures(self, index: int) -> Measures:
        spans, weights, head = (self._batch.column(name)[index].as_py() for name in ("spans", "weights", "head"))
        return Measures(int(self.lengths[index]), spans, weights, head)


def _count_whole(counted: Counted, examples: _Examples) -> None:
    """The rows that are trained on as they are."""
    whole = examples.is_learned & ~examples.is_apart
    lengths = examples.lengths[whole]
    counted.conversations += len(np.unique(examples.lines[whole]))
    counted.pairs += int(examples.pairs[whole].sum())
    counted.sequences += len(lengths)
    counted.tokens += int(lengths.sum())
    counted.trained_tokens += int(examples.trained[whole].sum())
    counted.lengths.add(lengths.tolist())
    counted.longest_uncut = max(counted.longest_uncut, int(examples.lengths[examples.is_learned].max(initial=0)))


def _count_row(counted: Counted, line: int, row: list[Measures], made: list[list[Window]], limit: int) -> None:
    found = [window for one in made for window in one]
    counted.conversations += bool(found)
    counted.dropped += not found
    counted.pairs += sum(window.pairs for window in found)
    counted.sequences += len(found)
    counted.tokens += sum(window.length for window in found)
    counted.trained_tokens += sum(window.trained for window in found)
    counted.lengths.add([window.length for window in found])
    answers = sum(len(example.spans) // 2 for example in row)
    if (kept := sum(window.pairs for window in found)) < answers:
        longest = max(example.length for example in row)
        what = f"{answers - kept} of {answers} answers" if kept else "The row"
        counted.lose(line, f"{what} would be lost: {longest:,} tokens, and a sequence holds {limit:,}.")
