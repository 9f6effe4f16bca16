"""What becomes of each shape of chat with each published template; ``test_templates`` compares it with Transformers."""

import tempfile
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from datasets.tokenizing.reading import Encoded
from datasets.tokenizing.template import Refused
from datasets.tokenizing.tokens import ChatTokenizer
from datasets.tokenizing.writing import Draft
from tests.datasets.published import SHAPES, TEMPLATES, write_model

DAY = date(2026, 2, 3)
CODES = {"system_folded": "f", "tools_as_text": "t", "reasoning_left_out": "r", "tools_left_out": "l"}


@cache
def tokenizer_for(template: str) -> ChatTokenizer:
    """A model's with that published template."""
    with tempfile.TemporaryDirectory() as folder:
        return ChatTokenizer(write_model(Path(folder), template), DAY)


@dataclass(frozen=True)
class Tried:
    """A template on a shape of chat."""

    examples: tuple[Encoded, ...]
    draft: Draft | None
    cell: str
    """As docs/datasets.md has it."""
    refusal: str = ""


@cache
def tried(template: str, shape: str) -> Tried:
    tokenizer, conversation = tokenizer_for(template), SHAPES[shape].conversation
    try:
        draft = tokenizer.draft(conversation)
    except Refused as error:
        return Tried((), None, "refused", str(error))
    (one,) = tokenizer.encode([conversation])
    chat, tools = draft.form.chat, draft.form.tools
    ends = [number for number, weight in enumerate(draft.form.weights, 1) if weight or number == len(chat)]
    rendered = [tokenizer.template.render(chat[:end], tools=tools) for end in ends]
    codes = [
        *(code for kind, code in CODES.items() if kind in one.notes),
        *(["p"] if isinstance(chat[0]["content"], list) else []),
        *(["e"] if any(text.text not in rendered for text in draft.texts) else []),
    ]
    is_split = len(draft.texts) > 1 or not draft.texts[0].text.startswith(rendered[-1].rstrip())
    return Tried(tuple(one.examples), draft, " ".join(["split" if is_split else "equal", *codes]))


def table() -> str:
    """Templates x shapes, in Markdown."""
    rows = [f"| {name} | {' | '.join(tried(name, shape).cell for shape in SHAPES)} |" for name in TEMPLATES]
    return "\n".join([f"| template | {' | '.join(SHAPES)} |", "|---" * (len(SHAPES) + 1) + "|", *rows])
