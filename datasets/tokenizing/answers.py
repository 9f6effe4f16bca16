"""Where the learned answers stand in the text that a chat template makes of a conversation. Pure.

An answer begins where generation begins: at the end of what the template makes of all before it with
``add_generation_prompt``. It ends with its end-of-turn token; a newline after that is not learned. Most templates only
ever append, so that one text holds all answers. Others rewrite what came before (Qwen3 and DeepSeek drop earlier
thinking, gpt-oss ends a last turn with another token than earlier ones): an answer that would not stand in the whole
text as the model has to write it gets a text of its own, which ends with it. Its context is what inference would see.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

MARK = "\ufdd2"
"""A noncharacter (Unicode, section 23.7), which no template writes by itself."""

Messages = Sequence[dict[str, Any]]


class Render(Protocol):
    """A template with all but the messages filled in."""

    def __call__(self, messages: Messages, *, open_answer: bool = False) -> str:
        """The messages as text. Raises Refused."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A learned part of a text: characters from ``start`` to before ``end``."""

    start: int
    end: int
    weight: float = 1.0
    """What its tokens' loss counts."""


@dataclass(frozen=True, slots=True)
class Written:
    """A conversation, or its beginning up to an answer, as text."""

    text: str
    answers: list[Answer] = field(default_factory=list)
    """In order."""


@dataclass(frozen=True, slots=True)
class Ends:
    """By what a turn's end is known."""

    end: str
    """The token that ends a text, or nothing. Some templates write it after a conversation's last turn, besides the
    end of that turn; others write none there at all."""
    tokens: tuple[str, ...]
    """All tokens that may end a turn."""

    def stripped(self, text: str) -> str:
        """A text up to the end of its last turn, without the white space that a template puts after it."""
        bare = text.rstrip()
        return bare if bare.endswith(self.tokens) else text.rstrip("\n")

    def after(self, text: str, at: int) -> str:
        """The token that begins at ``at``: the next turn's beginning, by which some models end theirs (GLM)."""
        return max((token for token in self.tokens if text.startswith(token, at)), key=len, default="")


def written(render: Render, messages: Messages, weights: Sequence[float], *, whole: str, ends: Ends) -> list[Written]:
    """The texts that a conversation is learned from, in its order: one, or one more for each answer rewritten later.

    Args:
        render: the template.
        messages: the conversation.
        weights: of each message; 0: it is context.
        whole: what the template makes of all messages.
        ends: by what a turn's end is known.

    Raises:
        Refused: by the template.
    """
    found: list[Written] = []
    answers: list[Answer]
    text, answers = whole, []
    for index in range(len(messages) - 1, -1, -1):
        if not weights[index]:
            continue
        answered = whole if index == len(messages) - 1 else render(messages[: index + 1])
        start = _begin(render, messages[: index + 1], answered)
        end = _end(answered, text, ends)
        if end is None or end <= start:
            found.append(Written(text, answers))
            text, answers, end = answered, [], len(ends.stripped(answered))
        if not text.endswith(ends.tokens, 0, end):
            text, end = _closed(text, end, ends)
        answers.insert(0, Answer(start, end, weights[index]))
    found.append(Written(text, answers))
    return [one for one in reversed(found) if one.answers] or found


def _begin(render: Render, messages: Messages, answered: str) -> int:
    """Where in ``answered`` the last message's generation begins."""
    prompt = render(messages[:-1], open_answer=True)
    if answered.startswith(prompt):
        return len(prompt)
    # The prompt opens what this answer does not have (a reasoning block): it begins where the two part.
    *before, last = messages
    content = last["content"]
    mark = MARK if isinstance(content, str) else [{"type": "text", "text": MARK}]
    marked = render([*before, last | {"content": mark}]) if content else answered
    return min(_common(prompt, marked), _common(prompt, answered))


def _common(one: str, other: str) -> int:
    """How many characters both begin with, by halving: texts are long, and Python's loops are slow."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one.startswith(other[:middle]) else (low, middle - 1)
    return low


def _end(answered: str, text: str, ends: Ends) -> int | None:
    """Where the last turn of ``answered`` ends in ``text``; ``None`` where it stands there in another form."""
    body = ends.stripped(answered)
    if text.startswith(body):
        return len(body)
    turn = ends.stripped(body.removesuffix(ends.end))
    return len(turn) if turn != body and turn.endswith(ends.tokens) and text.startswith(turn) else None


def _closed(text: str, end: int, ends: Ends) -> tuple[str, int]:
    """A text with an end for the turn that has none of its own, or the model would never learn to stop."""
    if after := ends.after(text, end):
        return text, end + len(after)
    return (text, end) if text[end:].strip() else (text[:end] + ends.end, end + len(ends.end))
