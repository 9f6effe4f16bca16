"""The base model, ready to answer: its tokenizer, how long a conversation may be, and where an answer ends."""

import inspect
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from jinja2 import TemplateError

from training.trainer.base import load_base, load_tokenizer, positions, within_memory
from training.trainer.devices import choose_precision, device_type

from .errors import wrong
from .options import Options
from .requests import Message

UNKNOWN_CONTEXT = 4096
"""Tokens, where neither the model's configuration nor the options say how many it reads."""
TEMPLATE_ERRORS = (TemplateError, TypeError, ValueError, LookupError, AttributeError)
ANSWER = "an answer"


@dataclass(frozen=True)
class Base:
    """One base model on its device."""

    name: str
    model: Any
    tokenizer: Any
    device: torch.device
    context: int
    """The most tokens of a prompt with its answer."""
    ends: frozenset[int]
    """Tokens after which an answer is over."""
    _reading: threading.Lock = field(default_factory=threading.Lock)
    """Fast tokenizers refuse to be used by two threads where either changes their settings."""

    @cached_property
    def takes(self) -> frozenset[str]:
        """What the model's forward pass takes, by name."""
        return frozenset(inspect.signature(type(self.model).forward).parameters)

    def prompt(self, messages: list[Message]) -> list[int]:
        """A conversation's tokens, up to where the answer begins. Raises ApiError (400)."""
        try:
            with self._reading:
                ids: list[int] = self.tokenizer.apply_chat_template(
                    messages, add_generation_prompt=True, return_dict=True
                )["input_ids"]
        except TEMPLATE_ERRORS as error:
            raise wrong(f"{self.name}'s chat template refuses these messages: {error}.", "messages") from error
        if not ids:
            raise wrong(f"{self.name}'s chat template makes no text of these messages.", "messages")
        if len(ids) >= self.context:
            raise wrong(
                f"{self.name} reads {self.context:,} tokens, prompt and answer together, but these messages are "
                f"{len(ids):,} tokens. Shorten them.",
                "messages",
                code="context_length_exceeded",
            )
        return ids


def load(options: Options) -> Base:
    """Raises TrainingError where it cannot be loaded, or does not fit."""
    device = torch.device(device_type(options))
    tokenizer = load_tokenizer(options)
    with within_memory(options, device):
        model = load_base(options, device=device, precision=choose_precision(options.precision, device)).to(device)
    model.eval().requires_grad_(False)
    known = [count for count in (positions(options), options.context) if count]
    return Base(
        name=options.model_name,
        model=model,
        tokenizer=tokenizer,
        device=device,
        context=min(known, default=UNKNOWN_CONTEXT),
        ends=_ends(model, tokenizer),
    )


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    configured = model.generation_config.eos_token_id
    ids = configured if isinstance(configured, list) else [configured]
    return frozenset(one for one in (*ids, tokenizer.eos_token_id, end_of_turn(tokenizer)) if one is not None)


def end_of_turn(tokenizer: Any) -> int | None:
    """The special token that the chat template puts after an answer; ``None`` where it puts none."""
    turns = [{"role": "user", "content": "a question"}, {"role": "assistant", "content": ANSWER}]
    try:
        text: str = tokenizer.apply_chat_template(turns, tokenize=False)
    except TEMPLATE_ERRORS:
        return None
    after = tokenizer(text.rpartition(ANSWER)[2].lstrip(), add_special_tokens=False)["input_ids"]
    special = {one for one, token in tokenizer.added_tokens_decoder.items() if token.special}
    return after[0] if after and after[0] in special else None
