"""What a model answers to a prompt."""

from dataclasses import dataclass
from typing import Any

import torch
from transformers import GenerationConfig

from .data import Example


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How answers are drawn. Nothing is taken from the base model's own ``generation_config.json`` but its ends."""

    max_new_tokens: int
    temperature: float = 0.0
    """0: each time the likeliest token."""
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Prompt:
    """What a held-out row asks, and what it has for an answer: the last one of its conversation, as tokens."""

    line: int
    """In the data set's file."""
    ids: list[int]
    reference: list[int]


def last_prompt(example: Example) -> Prompt | None:
    """The prompt that an example's last answer replies to; ``None`` where nothing stands before it (plain text)."""
    ids = example.ids
    start, stop = example.whole().spans[-2:]
    return Prompt(example.line, ids[:start], ids[start:stop]) if start else None


def last_prompts(examples: list[Example]) -> list[Prompt]:
    """One prompt a conversation, the last."""
    last = {example.line: example for example in examples}
    return [prompt for example in last.values() if (prompt := last_prompt(example)) is not None]


def ends(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end an answer: those of the model's generation config, and the tokenizer's end."""
    own = model.generation_config.eos_token_id
    own = own if isinstance(own, list) else [own]
    return sorted({token for token in (*own, tokenizer.eos_token_id) if token is not None})


def answer(model: Any, prompt: list[int], settings: Settings, *, stops: list[int], precision: torch.dtype) -> list[int]:
    """The tokens that the model says next, its end included where it came to one.

    Args:
        model: in evaluation mode.
        prompt: token ids, at least one.
        settings: the draws depend on the seed alone.
        stops: tokens that end an answer.
        precision: that is computed in.
    """
    drawn = {"temperature": settings.temperature, "top_p": settings.top_p, "top_k": 0} if settings.temperature else {}
    config = GenerationConfig(
        max_new_tokens=settings.max_new_tokens,
        do_sample=bool(drawn),
        eos_token_id=stops,
        pad_token_id=stops[0] if stops else 0,
        **drawn,
    )
    model.generation_config = GenerationConfig()  # what is not set above would be taken from it
    ids = torch.tensor([prompt], device=model.device)
    torch.manual_seed(settings.seed)
    with torch.no_grad(), torch.autocast(ids.device.type, precision, enabled=precision != torch.float32):
        said = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=config)
    tokens: list[int] = said[0, len(prompt) :].tolist()
    return tokens
