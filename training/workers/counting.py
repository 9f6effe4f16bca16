"""What a run would train on, counted from a data set's tokens: exactly what the trainer's windows make of them."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from datasets.formats.lengths import Lengths
from datasets.formats.problems import SHOWN
from training.trainer.columns import Columns
from training.trainer.windows import Measures, Window


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
            columns = Columns(reader.get_batch(index), limit)
            _count_whole(counted, columns)
            for line, _, row, made in columns.apart(choice=choice, is_text=is_text):
                counted.truncated += any(example.length > limit for example in row)
                _count_row(counted, line, row, made, limit)
    return counted


def _count_whole(counted: Counted, columns: Columns) -> None:
    """The rows that are trained on as they are."""
    whole = columns.is_whole
    lengths = columns.lengths[whole]
    counted.conversations += len(np.unique(columns.lines[whole]))
    counted.pairs += int(columns.pairs[whole].sum())
    counted.sequences += len(lengths)
    counted.tokens += int(lengths.sum())
    counted.trained_tokens += int(columns.trained[whole].sum())
    counted.lengths.add(lengths.tolist())
    counted.longest_uncut = max(counted.longest_uncut, int(columns.lengths[columns.is_learned].max(initial=0)))


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
