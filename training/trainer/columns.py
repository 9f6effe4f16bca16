"""A batch of a data set's cache as arrays, and the few of its rows that windows must be asked about.

The web side counts with it what a run would train on, and the trainer reads by it just that.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from .windows import Measures, Window, row_windows

Apart = tuple[int, list[int], list[Measures], list[list[Window]]]
"""A row that is not trained on just as it is: its line, its examples by their places, and what each becomes."""


class Columns:
    """One entry an example; the examples of one conversation follow each other."""

    def __init__(self, batch: pa.RecordBatch, limit: int) -> None:
        """``limit``: tokens of the longest sequence."""
        self._batch = batch
        self._limit = limit
        self.lines = batch.column("line").to_numpy()
        self.pairs = batch.column("pairs").to_numpy()
        self.lengths = batch.column("ids").value_lengths().to_numpy()
        self.is_learned = self.pairs > 0
        """It has answers."""
        edges = batch.column("spans").flatten().to_numpy()
        begins, ends = np.maximum(edges[::2], 1), edges[1::2]  # nothing foretells a sequence's first token
        self.trained = self._totals(ends - begins)
        """Learned tokens."""
        is_weighted = batch.column("weights").value_lengths().to_numpy() > 0
        apart = (self.lengths > limit) | is_weighted | (self._totals(ends <= begins) > 0)
        self._is_apart = self.is_learned & np.isin(self.lines, self.lines[apart])
        self.is_whole = self.is_learned & ~self._is_apart
        """It is trained on just as it is."""

    def apart(self, *, choice: str, is_text: bool) -> Iterator[Apart]:
        """The rows with answers that are too long or weighted; ``choice`` and ``is_text`` as ``windows`` has them."""
        for line, found in groupby(np.flatnonzero(self._is_apart).tolist(), key=lambda place: self.lines[place]):
            places = list(found)
            row = [self._measures(place) for place in places]
            yield int(line), places, row, row_windows(row, limit=self._limit, choice=choice, is_text=is_text)

    def _totals(self, of_each: Any) -> Any:
        """The sum of a figure of each answer, for each example."""
        stops = np.cumsum(self.pairs, dtype=np.int64)
        sums = np.concatenate(([0], np.cumsum(of_each, dtype=np.int64)))
        return sums[stops] - sums[stops - self.pairs]

    def _measures(self, place: int) -> Measures:
        spans, weights, head = (self._batch.column(name)[place].as_py() for name in ("spans", "weights", "head"))
        return Measures(int(self.lengths[place]), spans, weights, head)
