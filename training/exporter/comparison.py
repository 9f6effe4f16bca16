"""What the adapter answers on its base, and how much of that an export answers too.

Answers are compared along the adapter's own: at each of its places, which token is the likeliest next. So one near tie
that falls the other way counts once, and does not carry all that follows it away.
"""

from dataclasses import dataclass
from typing import Any

import torch

from training.core.fidelity import Fidelity
from training.trainer.answers import Settings, answer, ends, last_prompt
from training.trainer.data import Example
from training.trainer.loss import example_loss, logits


@dataclass(frozen=True)
class Case:
    """One held-out row, as the adapter sees it."""

    example: Example
    prompt: list[int]
    answer: list[int]
    likeliest: list[int]
    """The next token at each place of the answer; where it was generated with a cache, not always the answer's."""
    loss: float
    """Summed over the row's learned tokens."""


def cases(
    model: Any, tokenizer: Any, examples: list[Example], *, most_new_tokens: int, precision: torch.dtype
) -> list[Case]:
    """The adapter's greedy answers to the examples, at most so many tokens each."""
    settings, stops = Settings(max_new_tokens=most_new_tokens), ends(model, tokenizer)
    made = []
    for example in examples:
        prompt = _prompt(example)
        said = answer(model, prompt, settings, stops=stops, precision=precision)
        likeliest = _likeliest(model, prompt, said, precision)
        made.append(Case(example, prompt, said, likeliest, example_loss(model, example, precision)))
    return made


def compared(model: Any, made: list[Case], *, precision: torch.dtype) -> Fidelity:
    """The export, as a model in evaluation mode, beside what the adapter said."""
    equal, same, loss = 0, 0, 0.0
    for case in made:
        found = _likeliest(model, case.prompt, case.answer, precision)
        hits = sum(one == other for one, other in zip(found, case.likeliest, strict=True))
        equal += hits
        same += hits == len(found)
        loss += example_loss(model, case.example, precision)
    learned = sum(case.example.trained for case in made)
    return Fidelity(
        prompts=len(made),
        tokens=sum(len(case.answer) for case in made),
        equal=equal,
        same_answers=same,
        loss=sum(case.loss for case in made) / learned,
        export_loss=loss / learned,
    )


def _prompt(example: Example) -> list[int]:
    """What the last answer replies to; of plain text, its first half."""
    prompt = last_prompt(example)
    return prompt.ids if prompt is not None and len(prompt.ids) > 1 else example.ids[: max(1, example.length // 2)]


def _likeliest(model: Any, prompt: list[int], said: list[int], precision: torch.dtype) -> list[int]:
    ids = torch.tensor([prompt + said], device=model.device)
    with torch.no_grad():
        found = logits(model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}, precision)
    tokens: list[int] = found[0, len(prompt) - 1 : -1].argmax(-1).tolist()
    return tokens
