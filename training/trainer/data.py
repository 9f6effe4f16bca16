"""Conversations as token sequences, of which only what the assistant says is trained on.

They are read from the data set's tokenized cache, an Arrow file mapped into memory: nothing is tokenized here, and a
data set larger than memory is no harm. The cache carries probes, so that tokens of another tokenizer or chat
template are refused and never trained on.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from .errors import TrainingError

IGNORED = -100
"""The label of a token that is not trained on (PyTorch's cross-entropy ignores it)."""


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation, cut to the longest sequence: where its tokens lie, and what is known of them."""

    batch: pa.RecordBatch
    row: int
    length: int
    pairs: int
    trained: int
    """Tokens that are trained on."""
    truncated: bool

    @property
    def ids(self) -> list[int]:
        """``length`` token ids, read from the cache at each call."""
        ids: list[int] = self.batch.column("ids")[self.row].as_py()
        return ids[: self.length]

    @property
    def labels(self) -> list[int]:
        """The ids where they are trained on, IGNORED elsewhere."""
        ids, labels = self.ids, [IGNORED] * self.length
        spans = self.batch.column("spans")[self.row].as_py()
        for start, end in zip(spans[::2], spans[1::2], strict=True):
            labels[start:end] = ids[start:end]
        return labels


def read_examples(path: Path, tokenizer: Any, *, longest: int) -> list[Example]:
    """The cache's conversations that hold something to train on, cut to ``longest`` tokens. Raises TrainingError."""
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        metadata = {name.decode(): json.loads(value) for name, value in (reader.schema.metadata or {}).items()}
        batches = [reader.get_batch(index) for index in range(reader.num_record_batches)]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise TrainingError(
            "data_invalid", f"The data set's tokens cannot be read ({error}). Validate the data set again."
        ) from error
    _require_same_tokens(metadata, tokenizer)
    examples = [example for batch in batches for example in _examples(batch, longest) if example.trained]
    if not examples:
        raise TrainingError("data_invalid", "The data set holds no assistant turn that could be trained on.")
    return examples


def _examples(batch: pa.RecordBatch, longest: int) -> list[Example]:
    lengths = batch.column("ids").value_lengths().to_pylist()
    pairs = batch.column("pairs").to_pylist()
    spans = batch.column("spans").to_pylist()
    examples = []
    for row, (length, count, edges) in enumerate(zip(lengths, pairs, spans, strict=True)):
        cut = min(length, longest)
        ends = [min(edge, cut) for edge in edges]
        trained = sum(ends[1::2]) - sum(ends[::2])
        examples.append(Example(batch, row, cut, count, trained, truncated=length > longest))
    return examples


def _require_same_tokens(metadata: dict[str, Any], tokenizer: Any) -> None:
    """Raises TrainingError when this tokenizer writes the cache's probes in other tokens than the cache does."""
    mine = [_tokens(messages, tokenizer) for messages in metadata.get("probes", [])]
    if mine != metadata.get("probe_ids", []):
        raise TrainingError(
            "data_invalid",
            "The data set's tokens were made by another tokenizer or chat template than this base model's. Validate "
            "the data set again on a worker that has the model's present files.",
        )


def _tokens(messages: list[dict[str, str]], tokenizer: Any) -> list[int] | None:
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False)
    except Exception:  # noqa: BLE001 - a template may refuse a system message, with whatever error
        return None
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def collate(examples: list[Example], *, pad: int) -> dict[str, torch.Tensor]:
    """A batch, padded on the right to its longest.

    Args:
        examples: At least one.
        pad: The token id to fill up with; its label is IGNORED and its mask 0.

    Returns:
        ``input_ids``, ``attention_mask`` and ``labels``, int64 of shape (examples, tokens of the longest).
    """
    width = max(example.length for example in examples)

    def padded(rows: list[list[int]], filler: int) -> torch.Tensor:
        return torch.tensor([row + [filler] * (width - len(row)) for row in rows])

    return {
        "input_ids": padded([example.ids for example in examples], pad),
        "attention_mask": padded([[1] * example.length for example in examples], 0),
        "labels": padded([example.labels for example in examples], IGNORED),
    }
