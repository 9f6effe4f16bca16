"""Special tokens that stand in people's text: they are text there, and never control what a conversation is.

A tokenizer takes ``<|im_end|>`` for the end of a turn wherever it finds it, also where a user has typed it. Such a text
is hidden from the template and shown again to a twin of the tokenizer that knows special tokens only by stand-ins: what
the template wrote becomes the tokens' ids, what people wrote becomes the ids of its characters.
"""

import json
import re
import secrets
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from tokenizers import AddedToken, Tokenizer

from datasets.tokenizing.reading import Reader, load

_SECRET = secrets.token_hex(8)
HIDDEN, STAND_IN = f"\ufdd0{_SECRET}-{{}}\ufdd1", f"\ufdd3{_SECRET}-{{}}\ufdd4"
"""What nobody can have written into a data set: they do not reach the tokens, so these are the same every time."""
THOUGHT = frozenset({"<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"})
"""Markup that people do write in an answer, to have it learned as such."""


class Markup:
    """A tokenizer's special tokens, and those of its other added tokens that a template writes."""

    def __init__(self, tokenizer: Tokenizer, source: bytes, template: str) -> None:
        """Find them.

        Args:
            tokenizer: the tokenizer.
            source: its own file, for its twin.
            template: the text of the chat template.
        """
        self._source = source
        added = sorted(tokenizer.get_added_tokens_decoder().items())
        self._written = {token.content for _, token in added if token.content.strip() and token.content in template}
        self._tokens = {
            token.content: (number, token) for number, token in added if token.special or token.content in self._written
        }
        self._texts = list(self._tokens)
        self._index = {text: index for index, text in enumerate(self._texts)}
        self._all = _any_of(self._texts)
        self._forbidden = _any_of([text for text in self._texts if text not in THOUGHT])
        self._hidden = re.compile(HIDDEN.format(r"(\d+)"))
        self.first_in = self._forbidden.search
        """The first place in a text where such a token stands."""

    @property
    def ends(self) -> tuple[str, ...]:
        """Those that a template writes, and that are no part of an answer: one of them ends a turn."""
        return tuple(sorted(self._written - THOUGHT))

    def hide(self, value: Any) -> Any:
        """A value as JSON has it, with all such tokens in its texts hidden."""
        if isinstance(value, str):
            return self._forbidden.sub(lambda found: HIDDEN.format(self._index[found[0]]), value)
        if isinstance(value, Mapping):
            return {self.hide(name): self.hide(one) for name, one in value.items()}
        return [self.hide(one) for one in value] if isinstance(value, list) else value

    def shown(self, text: str) -> str:
        """For the twin: what is hidden as it was written, and stand-ins for the markup."""
        marked = self._all.sub(lambda found: STAND_IN.format(self._index[found[0]]), text)
        return self._hidden.sub(lambda found: self._texts[int(found[1])], marked)

    @cached_property
    def twin(self) -> Reader:
        """The tokenizer that reads what ``shown`` gives: such tokens are text to it, and stand-ins for them are tokens.

        The ids are the tokenizer's own, the positions those in the text as shown.
        """
        twin = load(_with_special(self._source, self._tokens))
        twin.encode_special_tokens = True
        stand_ins = {
            STAND_IN.format(index): (number, _like(token, STAND_IN.format(index)))
            for index, (number, token) in enumerate(self._tokens.values())
        }
        twin.add_tokens([token for _, token in stand_ins.values()])
        known = twin.get_added_tokens_decoder().items()
        return Reader(twin, {at: stand_ins[one.content][0] for at, one in known if one.content in stand_ins})


def _like(token: AddedToken, text: str) -> AddedToken:
    return AddedToken(text, lstrip=token.lstrip, rstrip=token.rstrip, normalized=False)


def _any_of(texts: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True))) or r"(?!)")


def _with_special(source: bytes, tokens: Mapping[str, Any]) -> bytes:
    """With these tokens as special ones: only such are text to a tokenizer that is told to take them so."""
    about = json.loads(source)
    for token in about["added_tokens"]:
        token["special"] = token["special"] or token["content"] in tokens
    return json.dumps(about).encode()
