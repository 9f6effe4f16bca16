"""A conversation as a base model's template writes it, with nothing of it left out unsaid.

Templates differ in what they take: some refuse a system message, some want a call's arguments as text, some know no
tools at all, and some drop in silence what they do not know. Each ``form`` that a conversation may have is tried in
turn, and one is taken only if all that people wrote stands in the text.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from datasets.formats.rows import Conversation
from datasets.tokenizing.answers import Ends, Written, written
from datasets.tokenizing.forms import Chat, Form, forms, words_of
from datasets.tokenizing.markup import Markup
from datasets.tokenizing.patterns import Pattern, is_plain, pattern_of
from datasets.tokenizing.shapes import Shapes, marked
from datasets.tokenizing.template import Refused, Template

PATTERNS_KEPT = 1000
"""Of so many sequences of roles it is remembered."""


@dataclass(frozen=True)
class Draft:
    """A conversation as text, before it is tokenized."""

    texts: list[Written]
    form: Form
    """What the template was given."""
    notes: dict[str, str] = field(default_factory=dict)
    """Kind of problem -> what was done to make the template take it, or what it left out."""
    head: str = ""
    """How each text begins: all before the first user's words."""
    is_hidden: bool = False
    """Special tokens in people's text are hidden in it (see ``markup``)."""


class Writer:
    """A base model's template, and the special tokens of its tokenizer."""

    def __init__(self, template: Template, markup: Markup, special: dict[str, str]) -> None:
        """``special``: ``eos_token``, which ends a text, and its fellows."""
        self._template = template
        self._markup = markup
        tokens = {*markup.ends, *special.values()} - {""}
        self._ends = Ends(special.get("eos_token", ""), tuple(sorted(tokens)))
        self._patterns: dict[tuple[str, ...], Pattern | None] = {}
        self._shapes = Shapes(template)

    def write(self, conversation: Conversation, *, fold: bool = True) -> Draft:
        """The texts that a conversation is learned from.

        Args:
            conversation: of messages, not a plain text.
            fold: put a system message that the template refuses before the first user's words.

        Raises:
            Refused: the template takes it in no form.
        """
        chat, tools = conversation.chat, conversation.tools
        special = self._special_in(chat, tools)
        if special:
            chat, tools = self._markup.hide(chat), self._markup.hide(list(tools))
        weights = [message.weight if message.role == "assistant" else 0.0 for message in conversation.messages]
        if not special and not tools and (draft := self._by_pattern(chat, weights)):
            return draft
        refusal: Refused | None = None
        for form in forms(chat, weights, tools, fold=fold):
            try:
                draft = self._draft(form, is_hidden=bool(special))
            except Refused as error:
                refusal = refusal or error
                continue
            if special:
                draft.notes["special_token"] = f"{special} stands in it, which is markup; it is trained on as text."
            return draft
        raise refusal or Refused("The model's chat template refuses the conversation.")

    def _by_pattern(self, chat: Chat, weights: list[float]) -> Draft | None:
        words = [message["content"] for message in chat]
        if any(len(message) > 2 for message in chat) or not is_plain(words):
            return None
        roles = tuple(message["role"] for message in chat)
        if roles not in self._patterns:
            if len(self._patterns) >= PATTERNS_KEPT:
                self._patterns.clear()
            self._patterns[roles] = pattern_of(self._template.render, roles, self._ends)
        pattern = self._patterns[roles]
        if pattern is None:
            return None
        filled = pattern.filled(words, weights)
        if filled.text != self._template.render(chat):
            return None
        return Draft([filled], Form(chat, weights), head=pattern.head(words, roles))

    def _special_in(self, chat: Chat, tools: Sequence[Any]) -> str | None:
        """The first special token that somebody wrote."""
        for message in chat:
            found = self._markup.first_in(message["content"])
            if not found and len(message) > 2:  # reasoning and calls
                found = self._markup.first_in(json.dumps(message, ensure_ascii=False))
            if found:
                return found[0]
        found = self._markup.first_in(json.dumps(tools, ensure_ascii=False)) if tools else None
        return found[0] if found else None

    def _draft(self, form: Form, *, is_hidden: bool) -> Draft:
        """Raises Refused."""
        render = partial(self._template.render, tools=form.tools) if form.tools else self._template.render
        whole = render(form.chat)
        _require_words(whole, form.chat)
        shape = self._shapes.of(form)
        texts = written(render, form.chat, form.weights, whole=whole, ends=self._ends)
        notes = form.notes | _reasoning_left_out(form, texts)
        if form.tools and not shape.lists_tools:
            notes["tools_left_out"] = TOOLS_LEFT_OUT
        return Draft(texts, form, notes, _head(whole, form, shape.head), is_hidden)


TOOLS_LEFT_OUT = "The model's template does not write which tools there are."
REASONING_LEFT_OUT = "The model's template does not write the answer's reasoning: it is not learned."


def _require_words(text: str, chat: Chat) -> None:
    """Raises Refused where the template left out what somebody said: some read and cut it."""
    for number, message in enumerate(chat, 1):
        said = _said(message["content"])
        if said not in text and json.dumps(said, ensure_ascii=False)[1:-1] not in text:
            raise Refused(f"The model's chat template leaves out what message {number} ({message['role']}) says.")


def _said(content: Any) -> str:
    """What must stand in the text: thinking of earlier turns need not."""
    return words_of(content).rpartition("</think>")[2].strip()


def _reasoning_left_out(form: Form, texts: list[Written]) -> dict[str, str]:
    """A note if the template does not write the reasoning of an answer that is learned."""
    for message, weight in zip(form.chat, form.weights, strict=True):
        thought = message.get("reasoning_content") or words_of(message["content"]).rpartition("</think>")[0]
        thought = thought.rpartition("<think>")[2].strip()
        if weight and thought and not any(thought in one.text for one in texts):
            return {"reasoning_left_out": REASONING_LEFT_OUT}
    return {}


def _head(text: str, form: Form, lead: str) -> str:
    """All before the first user's words: it stays when the beginning of a long conversation is cut off."""
    for mark in marked(form)[1]:
        lead = lead.replace(mark.text, mark.words)
    if text.startswith(lead):
        return lead
    asked = next((message for message in form.chat if message["role"] == "user"), None)
    return text[: max(text.find(_said(asked["content"])), 0)] if asked else ""
