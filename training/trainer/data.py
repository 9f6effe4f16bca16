"""Examples as token sequences, of which only what is learned has labels; and batches of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from .windows import Window

IGNORED = -100
"""The label of a token that is not trained on (PyTorch's cross-entropy ignores it)."""


@dataclass(frozen=True, slots=True)
class Example:
    """One sequence to train on: where its tokens lie in the data set's cache, and what is known of them."""

    batch: pa.RecordBatch
    row: int
    line: int
    """In the data set's file, of the conversation that it is of."""
    length: int
    pairs: int
    trained: int
    """Tokens that are trained on."""
    window: Window | None = None
    """What of the row it is; ``None``: the whole row, in which all answers count 1."""

    @property
    def ids(self) -> list[int]:
        """``length`` token ids, read from the cache at each call."""
        ids: list[int] = self._tokens().tolist()
        return ids

    @property
    def labels(self) -> list[int]:
        """The ids where they are trained on, IGNORED elsewhere."""
        ids, labels = self.ids, [IGNORED] * self.length
        for start, end in self._spans():
            labels[start:end] = ids[start:end]
        return labels

    @property
    def weights(self) -> list[float] | None:
        """What each token's loss counts; ``None`` where all count 1."""
        if self.window is None or all(weight == 1 for weight in self.window.weights):
            return None
        weights = [1.0] * self.length
        for (start, end), weight in zip(self._spans(), self.window.weights, strict=True):
            weights[start:end] = [weight] * (end - start)
        return weights

    @property
    def content(self) -> bytes:
        """All that decides what is learned from it: tokens, learned ones and their weights, the same for the same."""
        spans = np.array(self._spans(), np.int64)
        weights = np.array(self.window.weights if self.weights and self.window else [], np.float64)
        sizes = np.array([self.length, len(spans), len(weights)], np.int64)
        return b"".join(part.tobytes() for part in (sizes, self._tokens().astype(np.int64), spans, weights))

    def whole(self) -> Window:
        """What of the row it is."""
        spans = tuple(edge for span in self._spans() for edge in span)
        return self.window or Window(0, 0, self.length, spans)

    def _tokens(self) -> Any:
        ids = self.batch.column("ids")[self.row].values.to_numpy()
        if self.window is None:
            return ids
        kept = ids[self.window.start : self.window.stop]
        return np.concatenate((ids[: self.window.head], kept)) if self.window.head else kept

    def _spans(self) -> list[tuple[int, int]]:
        spans = self.batch.column("spans")[self.row].as_py() if self.window is None else self.window.spans
        return list(zip(spans[::2], spans[1::2], strict=True))


def part(example: Example, window: Window) -> Example:
    """Another sequence of the same row."""
    return Example(example.batch, example.row, example.line, window.length, window.pairs, window.trained, window)


def collate(examples: list[Example], *, pad: int) -> dict[str, torch.Tensor]:
    """A batch, padded on the right to its longest.

    Args:
        examples: At least one.
        pad: The token id to fill up with; its label is IGNORED and its mask 0.

    Returns:
        ``input_ids``, ``attention_mask`` and ``labels``, int64 of shape (examples, tokens of the longest); where an
        answer's loss does not count 1, ``weights`` besides, float32 of the same shape.
    """
    width = max(example.length for example in examples)

    def padded(rows: list[list[Any]], filler: float) -> torch.Tensor:
        return torch.tensor([row + [filler] * (width - len(row)) for row in rows])

    batch = {
        "input_ids": padded([example.ids for example in examples], pad),
        "attention_mask": padded([[1] * example.length for example in examples], 0),
        "labels": padded([example.labels for example in examples], IGNORED),
    }
    weights = [example.weights for example in examples]
    if any(weights):
        batch["weights"] = padded(
            [one or [1.0] * example.length for one, example in zip(weights, examples, strict=True)], 1.0
        )
    return batch
