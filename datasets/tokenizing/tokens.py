"""A conversation as a base model sees it: its chat template, then its tokenizer; and which tokens are learned.

Needs neither Django, Transformers nor PyTorch, so the web side and plain processes can do it. The template is
rendered with the same Jinja settings as in Transformers (``transformers/utils/chat_template_utils.py``).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Encoding, Tokenizer

from datasets.formats.rows import Conversation, Message

_QUESTION_AND_ANSWER = [
    {"role": "user", "content": "What is 12 + 30,5?\n\n  Ça va — 😀"},
    {"role": "assistant", "content": " It’s 42.5!\n"},
]
PROBES = [_QUESTION_AND_ANSWER, [{"role": "system", "content": "Be brief."}, *_QUESTION_AND_ANSWER]]
"""Encoded with every cache, so that who reads it can tell whether their tokenizer and template give the same."""
LARGEST_CONTEXT = 2**31
"""Tokens; a larger ``model_max_length`` stands for "not known" in Transformers."""


class TokenizerNotFound(Exception):
    """The tokenizer's files are not on this machine."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A conversation's tokens, and the learned ones as pairs of positions [from, to, from, to, …)."""

    ids: list[int]
    spans: list[int]

    @property
    def trained(self) -> int:
        """How many tokens are learned."""
        return sum(self.spans[1::2]) - sum(self.spans[::2])


@dataclass(frozen=True)
class _Files:
    """What a model's folder says of its tokenizer."""

    tokenizer: bytes
    template: str
    special: dict[str, str]
    context: int | None

    @property
    def fingerprint(self) -> str:
        rest = json.dumps([self.template, self.special])
        return hashlib.sha256(self.tokenizer + b"\0" + rest.encode()).hexdigest()


def fingerprint(directory: Path) -> str:
    """SHA-256 of a model folder's tokenizer, chat template and special tokens, in hex. Raises TokenizerNotFound."""
    return _read_files(directory).fingerprint


class ChatTokenizer:
    """A model's tokenizer with its chat template.

    ``fingerprint`` is as the function's; ``context`` the longest sequence that the model was made for, in tokens, or
    ``None`` where its files do not say.
    """

    def __init__(self, directory: Path) -> None:
        """Read a model's folder. Raises TokenizerNotFound."""
        files = _read_files(directory)
        self._tokenizer = Tokenizer.from_buffer(files.tokenizer)
        self._template = _environment().from_string(files.template)
        self._special = files.special
        self._end = self._tokenizer.token_to_id(self._special["eos_token"])
        self.fingerprint = files.fingerprint
        self.context = files.context

    def render(self, messages: Sequence[dict[str, str]], *, open_answer: bool = False) -> str:
        """The conversation as text, as the chat template has it.

        Args:
            messages: ``[{"role": …, "content": …}, …]``.
            open_answer: end with the beginning of an assistant's turn.

        Raises:
            ValueError: the template refuses it.
        """
        try:
            return self._template.render(messages=messages, add_generation_prompt=open_answer, **self._special)
        except (TemplateError, TypeError, ArithmeticError, LookupError) as error:
            raise ValueError(f"The model's chat template refuses the conversation: {error}") from error

    def encode(self, conversations: Sequence[Conversation]) -> list[Encoded]:
        """Tokens of each whole conversation, system prompt and turn markers included.

        Raises:
            ValueError: the chat template refuses one, or rewrites its earlier turns.
        """
        texts: list[str] = []
        parts: list[list[tuple[int, int]]] = []
        for conversation in conversations:
            if conversation.text is not None:
                texts.append(conversation.text)
                parts.append([])
            else:
                text = self.render(conversation.chat)
                texts.append(text)
                parts.append(self._answers(conversation.messages, conversation.chat, text))
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return [
            self._plain(encoding.ids)
            if conversation.text is not None
            else Encoded(encoding.ids, _spans(encoding, answers))
            for conversation, encoding, answers in zip(conversations, encodings, parts, strict=True)
        ]

    def decode(self, ids: Sequence[int]) -> str:
        """The tokens as text, special tokens included."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=False)

    def probes(self) -> list[list[int] | None]:
        """The tokens of each of PROBES; ``None`` for one that the template refuses."""
        return [self._probe(messages) for messages in PROBES]

    def _probe(self, messages: list[dict[str, str]]) -> list[int] | None:
        try:
            ids: list[int] = self._tokenizer.encode(self.render(messages), add_special_tokens=False).ids
        except ValueError:
            return None
        return ids

    def _plain(self, ids: list[int]) -> Encoded:
        """Plain text is learned whole, its end included."""
        ids = ids if self._end is None else [*ids, self._end]
        return Encoded(ids, [0, len(ids)])

    def _answers(self, messages: Sequence[Message], chat: list[dict[str, str]], text: str) -> list[tuple[int, int]]:
        """Where the learned answers stand in the rendered text, their end-of-turn included."""
        found = []
        for index, message in enumerate(messages):
            if message.trained:
                prompt = self.render(chat[:index], open_answer=True)
                answered = text if index == len(chat) - 1 else self.render(chat[: index + 1])
                if not answered.startswith(prompt) or not text.startswith(answered):
                    raise ValueError(
                        "The model's chat template rewrites earlier turns, so its answers cannot be told apart"
                    )
                found.append((len(prompt), len(prompt) + len(answered[len(prompt) :].rstrip("\n"))))
        return found


def _spans(encoding: Encoding, answers: list[tuple[int, int]]) -> list[int]:
    """Positions of the tokens that overlap the answers' characters."""
    spans = []
    for start, end in answers:
        first = next((token for at in range(start, end) if (token := encoding.char_to_token(at)) is not None), None)
        last = next(
            (token for at in range(end - 1, start - 1, -1) if (token := encoding.char_to_token(at)) is not None), None
        )
        if first is None or last is None:
            continue
        while last + 1 < len(encoding) and _begins_before(encoding, last + 1, end):
            last += 1
        spans += [first, last + 1]
    return spans


def _begins_before(encoding: Encoding, token: int, end: int) -> bool:
    characters = encoding.token_to_chars(token)
    return characters is not None and characters[0] < end


@lru_cache(maxsize=4)
def chat_tokenizer(directory: Path) -> ChatTokenizer:
    """The folder's ChatTokenizer, kept in memory with the last few others. Raises TokenizerNotFound."""
    return ChatTokenizer(directory)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = _now
    return environment


def _to_json(value: Any, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, **options)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


def _now(format_: str) -> str:
    return datetime.now().strftime(format_)


def _token(value: Any) -> str:
    """A special token's text: tokenizer configurations hold it bare or as an object."""
    if isinstance(value, dict):
        return str(value.get("content", ""))
    return value or ""


def _read_files(directory: Path) -> _Files:
    """Raises TokenizerNotFound."""
    try:
        tokenizer = (directory / "tokenizer.json").read_bytes()
        config = json.loads((directory / "tokenizer_config.json").read_text())
        template = directory / "chat_template.jinja"
        source = template.read_text() if template.exists() else config.get("chat_template")
    except (OSError, ValueError) as error:
        raise TokenizerNotFound(f"The tokenizer in {directory} cannot be read on this worker ({error}).") from error
    if not isinstance(source, str):
        raise TokenizerNotFound(f"The tokenizer in {directory} has no chat template. Choose an instruct model.")
    special = {name: _token(config.get(name)) for name in ("bos_token", "eos_token", "pad_token")}
    return _Files(tokenizer, source, special, _context(config.get("model_max_length"), directory))


def _context(stated: Any, directory: Path) -> int | None:
    """The longest sequence that the model was made for, in tokens, where its files say so."""
    if isinstance(stated, int | float) and 0 < stated < LARGEST_CONTEXT:
        return int(stated)
    try:
        value = json.loads((directory / "config.json").read_text()).get("max_position_embeddings")
    except (OSError, ValueError):
        return None
    return value if isinstance(value, int) else None
