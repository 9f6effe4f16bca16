"""The tokens of an answer, one after another: a loop of our own over the model, so that it can stop at any of them."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from .base import Base
from .sampling import Sampler

AT_ONCE = 512
"""Tokens of a prompt in one forward pass: a longer prompt can be given up between passes."""


def tokens(base: Base, prompt: list[int], *, sampler: Sampler, most: int, is_over: Callable[[], bool]) -> Iterator[int]:
    """Ids of at most ``most`` tokens after the prompt; fewer when ``is_over``, asked before each forward pass, says so.

    Where an answer ends is for the caller to see.
    """
    past, news = None, prompt
    for _ in range(most):
        for start in range(0, len(news), AT_ONCE):
            if is_over():
                return
            logits, past = _forward(base, news[start : start + AT_ONCE], past)
        token = sampler.choose(logits)
        yield token
        news = [token]


def _forward(base: Base, ids: list[int], past: Any) -> tuple[torch.Tensor, Any]:
    """Scores of what follows, shape (vocabulary,), and the keys and values (KV cache) of all tokens up to there."""
    name = "cache" if "cache" in base.takes else "past_key_values"  # as Transformers before 5.24 call it
    with torch.inference_mode():
        done = base.model(
            input_ids=torch.tensor([ids], device=base.device),
            use_cache=True,
            **{name: past},
            **({"logits_to_keep": 1} if "logits_to_keep" in base.takes else {}),
        )
    return done.logits[0, -1], done[name]
