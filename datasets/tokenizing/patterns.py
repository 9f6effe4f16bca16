"""What a template puts around the words of conversations that have the same roles in the same order. Pure.

Found once with marks in the place of words. A conversation whose text is the pattern filled with its words is then
known without asking the template where each of its answers begins and ends: most of the time is spent on that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from datasets.tokenizing.answers import MARK, Answer, Ends, Messages, Render, Written, written
from datasets.tokenizing.template import Refused

TELLING = ("<", "[")
"""In words that hold one of these a template may find something to treat in another way."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template's text for some roles, without the words."""

    around: tuple[str, ...]
    """Before the first message's words, between those of two messages, and after the last's."""
    answers: dict[int, tuple[int, int]]
    """Message of the assistant -> how many characters before its words the answer begins, and after them it ends."""

    def head(self, words: Sequence[str], roles: Sequence[str]) -> str:
        """All before the first user's words."""
        if "user" not in roles:
            return ""
        first = roles.index("user")
        said = zip(self.around[: first + 1], ("", *words[:first]), strict=True)
        return "".join(f"{word}{around}" for around, word in said)

    def filled(self, words: Sequence[str], weights: Sequence[float]) -> Written:
        """With words, and the answers that have a weight."""
        pieces = [self.around[0]]
        answers, at = [], len(self.around[0])
        for index, (said, weight) in enumerate(zip(words, weights, strict=True)):
            after = self.around[index + 1]
            if weight:
                before, behind = self.answers[index]
                answers.append(Answer(at - before, at + len(said) + behind, weight))
            pieces += (said, after)
            at += len(said) + len(after)
        return Written("".join(pieces), answers)


def is_plain(words: Sequence[str]) -> bool:
    """Whether a template has no reason to treat them as more than words."""
    return not any(said != said.strip() or not said or any(sign in said for sign in TELLING) for said in words)


def pattern_of(render: Render, roles: Sequence[str], ends: Ends) -> Pattern | None:
    """The pattern, or ``None`` where the template refuses the roles or rewrites what came before."""
    marks = [f"{MARK}{index}{MARK}" for index in range(len(roles))]
    messages: Messages = [{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)]
    weights = [float(role == "assistant") for role in roles]
    try:
        whole = render(messages)
        texts = written(render, messages, weights, whole=whole, ends=ends)
    except Refused:
        return None
    around, rest = [], whole
    for mark in marks:
        before, found, rest = rest.partition(mark)
        around.append(before)
        if not found or mark in rest:
            return None
    return _with_answers((*around, rest), marks, texts, whole)


def _with_answers(around: tuple[str, ...], marks: list[str], texts: list[Written], whole: str) -> Pattern | None:
    if len(texts) > 1 or texts[0].text != whole or MARK in "".join(around):
        return None
    answers = {}
    for answer in texts[0].answers:
        index = next(number for number, mark in enumerate(marks) if answer.start <= whole.index(mark))
        at = whole.index(marks[index])
        before, behind = at - answer.start, answer.end - at - len(marks[index])
        if not 0 <= before <= len(around[index]) or not 0 <= behind <= len(around[index + 1]):
            return None
        answers[index] = (before, behind)
    return Pattern(around, answers)
