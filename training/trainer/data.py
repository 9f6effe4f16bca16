"""Conversations as token sequences, of which only what the assistant says is trained on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .errors import TrainingError

IGNORED = -100
"""The label of a token that is not trained on (PyTorch's cross-entropy ignores it)."""


@dataclass(frozen=True)
class Example:
    """One conversation: token ids, labels of the same length, and how many assistant turns it has."""

    ids: list[int]
    labels: list[int]
    pairs: int
    truncated: bool

    @property
    def trained(self) -> int:
        return sum(label != IGNORED for label in self.labels)


def read_examples(path: Path, tokenizer: Any, *, longest: int) -> list[Example]:
    """Tokenize a JSON Lines file of OpenAI chats. Raises TrainingError."""
    examples = [tokenize(messages, tokenizer, longest=longest, line=line) for line, messages in _conversations(path)]
    usable = [example for example in examples if example.trained]
    if not usable:
        raise TrainingError("data_invalid", "The data set holds no assistant turn that could be trained on.")
    return usable


def _conversations(path: Path) -> Iterator[tuple[int, list[dict[str, str]]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                messages = json.loads(text)["messages"]
                yield (
                    number,
                    [{"role": message["role"], "content": message["content"]} for message in messages],
                )
            except (ValueError, KeyError, TypeError) as error:
                raise TrainingError(
                    "data_invalid", f"Line {number} of the data set is no conversation. Upload it again."
                ) from error


def tokenize(messages: list[dict[str, str]], tokenizer: Any, *, longest: int, line: int = 0) -> Example:
    """Tokens of the whole conversation, with labels where the assistant speaks, its end-of-turn included."""
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    spans = [
        _span(messages[: index + 1], text, tokenizer, line)
        for index, message in enumerate(messages)
        if message["role"] == "assistant"
    ]
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
    labels = [
        token if any(start < last and first < end for start, end in spans) else IGNORED
        for token, (first, last) in zip(ids, offsets, strict=True)
    ]
    return Example(ids=ids[:longest], labels=labels[:longest], pairs=len(spans), truncated=len(ids) > longest)


def _span(upto: list[dict[str, str]], text: str, tokenizer: Any, line: int) -> tuple[int, int]:
    """Where the last of these messages, an assistant's, stands in the rendered conversation."""
    prompt = tokenizer.apply_chat_template(upto[:-1], tokenize=False, add_generation_prompt=True)
    answered = tokenizer.apply_chat_template(upto, tokenize=False)
    if not answered.startswith(prompt) or not text.startswith(answered):
        raise TrainingError(
            "data_invalid",
            f"The model's chat template rewrites earlier turns (line {line}), so its answers cannot be told apart. "
            "Choose another base model.",
        )
    start = len(prompt)
    return start, start + len(answered[start:].rstrip("\n"))


def collate(examples: list[Example], *, pad: int) -> dict[str, torch.Tensor]:
    """A batch, padded on the right to its longest: ids, mask and labels of shape (examples, tokens)."""
    width = max(len(example.ids) for example in examples)

    def padded(rows: list[list[int]], filler: int) -> torch.Tensor:
        return torch.tensor([row + [filler] * (width - len(row)) for row in rows])

    return {
        "input_ids": padded([example.ids for example in examples], pad),
        "attention_mask": padded([[1] * len(example.ids) for example in examples], 0),
        "labels": padded([example.labels for example in examples], IGNORED),
    }
