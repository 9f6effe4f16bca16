"""What a template does with conversations that differ only in words: found with marks in the place of words."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from datasets.tokenizing.answers import MARK
from datasets.tokenizing.forms import Chat, Form, forms, with_words, words_of
from datasets.tokenizing.template import Refused, Template

KEPT = 1000
"""Of so many shapes it is remembered."""
_CALLED = {"id": "call00001", "type": "function", "function": {"name": "f", "arguments": {"of": "x"}}}
A_CALL: Chat = [
    {"role": "user", "content": "What is f of x?"},
    {"role": "assistant", "content": "", "tool_calls": [_CALLED]},
    {"role": "tool", "content": "y", "tool_call_id": "call00001", "name": "f"},
    {"role": "assistant", "content": "y."},
]


@dataclass(frozen=True)
class Mark:
    """What stands for some words, to see whether and where a template writes them."""

    text: str
    words: str
    whose: str
    """As an error names it."""


@dataclass(frozen=True)
class Shape:
    """What a template does with conversations that differ only in words."""

    lists_tools: bool
    head: str
    """All before the first user's words, with marks in the place of other words."""


class Shapes:
    """All shapes of conversations that have come to a template."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._shapes: dict[tuple[Any, ...], Shape] = {}

    def of(self, form: Form) -> Shape:
        """What the template does with conversations of this shape.

        Raises:
            Refused: it leaves out a message or a call; or the tools, and knows no calls either.
        """
        key = _key(form)
        if key not in self._shapes:
            if len(self._shapes) >= KEPT:
                self._shapes.clear()
            self._shapes[key] = self._found(form)
        return self._shapes[key]

    def _found(self, form: Form) -> Shape:
        shown, marks = marked(form)
        try:
            text = self._template.render(shown.chat, tools=shown.tools)
        except Refused:  # it reads what people wrote, so that cannot be left out
            return Shape(lists_tools=True, head="")
        missing = next((one.whose for one in marks if one.text not in text), "")
        if missing and not (missing.startswith("tool ") and self._knows_calls):
            raise Refused(f"The model's chat template leaves out {missing}.")
        asked = next((one.text for one in marks if one.whose.endswith("(user)")), "")
        return Shape(lists_tools=not missing, head=text.partition(asked)[0] if asked else "")

    @cached_property
    def _knows_calls(self) -> bool:
        """Whether the template writes calls and results."""
        for form in forms(A_CALL, [0.0] * len(A_CALL), (), fold=False):
            shown, marks = marked(form)
            try:
                text = self._template.render(shown.chat)
            except Refused:
                continue
            if not form.notes and all(mark.text in text for mark in marks):
                return True
        return False


def _key(form: Form) -> tuple[Any, ...]:
    """All by which a template may decide what it writes, but for the words themselves."""
    turns = [
        (
            message["role"], type(message["content"]), bool(message["content"]),
            "reasoning_content" in message, len(message.get("tool_calls", ())),
        )
        for message in form.chat
    ]  # fmt: skip
    return (*turns, len(form.tools), *form.notes)


def marked(form: Form) -> tuple[Form, list[Mark]]:
    """The same shape, with a mark for each message and name; the marks are the same for all of a shape."""
    marks: list[Mark] = []

    def mark(words: str, whose: str) -> str:
        marks.append(Mark(f"{MARK}{len(marks)}{MARK}", words, whose))
        return marks[-1].text

    def named(one: Any, whose: str) -> Any:
        function = one.get("function") if isinstance(one, dict) else None
        if not isinstance(function, dict):
            return one
        return one | {"function": function | {"name": mark(str(function.get("name", "")), whose)}}

    chat = []
    for number, message in enumerate(form.chat, 1):
        whose = f"message {number} ({message['role']})"
        changed = dict(message)
        if words := words_of(message["content"]):
            changed["content"] = with_words(message["content"], mark(words, whose))
        if "tool_calls" in message:
            changed["tool_calls"] = [named(call, f"a call in {whose}") for call in message["tool_calls"]]
        chat.append(changed)
    tools = [named(tool, f"tool {number}") for number, tool in enumerate(form.tools, 1)]
    return replace(form, chat=chat, tools=tools), marks
