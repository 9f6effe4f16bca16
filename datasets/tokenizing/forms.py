"""The forms of a conversation that templates want, the plainest first. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from datasets.tokenizing.tool_text import as_text

Chat = list[dict[str, Any]]

FOLDED = "The model's template takes no system message, so it was put in front of the first user message."
TOOLS_AS_TEXT = (
    "The model's template does not write all tools, calls and results: they are written out, as <tools>, <tool_call> "
    "and <tool_response>."
)


@dataclass(frozen=True)
class Form:
    """A conversation as a template is given it."""

    chat: Chat
    weights: Sequence[float]
    """Of each message; 0: it is context."""
    tools: Sequence[Any] = ()
    notes: dict[str, str] = field(default_factory=dict)
    """Kind of problem -> what was done."""


def forms(chat: Chat, weights: Sequence[float], tools: Sequence[Any], *, fold: bool) -> Iterator[Form]:
    """All forms.

    Args:
        chat: as templates take it.
        weights: of each message.
        tools: JSON schemas of the functions that may be called.
        fold: a system message may be put before the first user's words.
    """
    for write in (_as_it_is, _in_parts):
        for form in _with_tools(Form(chat, weights, tools)):
            yield write(form)
            if fold and [message["role"] for message in form.chat[:2]] == ["system", "user"]:
                yield write(_folded(form))


def _with_tools(plain: Form) -> Iterator[Form]:
    yield plain
    if plain.tools or any("tool_calls" in message or message["role"] == "tool" for message in plain.chat):
        yield _with_short_ids(plain)
        yield _with_arguments_as_text(plain)
        spoken, weights = as_text(plain.chat, plain.weights, plain.tools)
        yield Form(spoken, weights, notes={"tools_as_text": TOOLS_AS_TEXT})


def _as_it_is(form: Form) -> Form:
    return form


def _folded(form: Form) -> Form:
    system, user, *rest = form.chat
    both = user | {"content": f"{system['content']}\n\n{user['content']}"}
    return Form([both, *rest], form.weights[1:], form.tools, form.notes | {"system_folded": FOLDED})


def _with_short_ids(form: Form) -> Form:
    """Calls named by the nine characters that Mistral's templates insist on; they mean nothing but which is which."""
    short: dict[str, str] = {}

    def name(long: str) -> str:
        return short.setdefault(long, f"call{len(short):05}")

    chat = []
    for message in form.chat:
        changed = dict(message)
        if "tool_calls" in message:
            changed["tool_calls"] = [call | {"id": name(call.get("id", ""))} for call in message["tool_calls"]]
        if "tool_call_id" in message:
            changed["tool_call_id"] = name(message["tool_call_id"])
        chat.append(changed)
    return replace(form, chat=chat)


def _with_arguments_as_text(form: Form) -> Form:
    def call(one: Any) -> Any:
        function = one["function"]
        return one | {"function": function | {"arguments": json.dumps(function["arguments"], ensure_ascii=False)}}

    chat = [
        message | {"tool_calls": [call(one) for one in message["tool_calls"]]} if "tool_calls" in message else message
        for message in form.chat
    ]
    return replace(form, chat=chat)


def _in_parts(form: Form) -> Form:
    """Text as templates of models that also take images want it."""
    chat = [message | {"content": [{"type": "text", "text": message["content"]}]} for message in form.chat]
    return replace(form, chat=chat)


def words_of(content: Any) -> str:
    """A message's text."""
    return content if isinstance(content, str) else str(content[0]["text"])


def with_words(content: Any, words: str) -> Any:
    """Other text in the same form."""
    return words if isinstance(content, str) else [content[0] | {"text": words}]
