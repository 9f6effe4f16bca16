"""Count a conversation's tokens as a base model will see it: its chat template, then its tokenizer.

Needs neither Transformers nor PyTorch, so the web side can do it. The template is rendered with the same Jinja
settings as in Transformers (``transformers/utils/chat_template_utils.py``).
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

Messages = Sequence[dict[str, str]]


class TokenizerNotFound(Exception):
    """The tokenizer's files are not on this machine."""


class ChatTokenizer:
    """A model's tokenizer with its chat template."""

    def __init__(self, directory: Path) -> None:
        """Raises TokenizerNotFound."""
        try:
            self._tokenizer = Tokenizer.from_buffer((directory / "tokenizer.json").read_bytes())
            config = json.loads((directory / "tokenizer_config.json").read_text())
        except (OSError, ValueError) as error:
            raise TokenizerNotFound(
                f"The tokenizer in {directory} cannot be read on this worker ({error}). Run make install, or set "
                "PIPELINE_TOKENIZER to the folder of a model."
            ) from error
        template = directory / "chat_template.jinja"
        source = template.read_text() if template.exists() else config.get("chat_template")
        if not isinstance(source, str):
            raise TokenizerNotFound(f"The tokenizer in {directory} has no chat template. Choose an instruct model.")
        self._template = _environment().from_string(source)
        self._special = {name: _token(config.get(name)) for name in ("bos_token", "eos_token", "pad_token")}

    def render(self, messages: Messages) -> str:
        """The conversation as text. Raises ValueError where the template refuses it."""
        try:
            return self._template.render(messages=messages, add_generation_prompt=False, **self._special)
        except TemplateError as error:
            raise ValueError(f"The model's chat template refuses the conversation: {error}") from error

    def count(self, conversations: Sequence[Messages]) -> list[int]:
        """Tokens of each whole conversation, system prompt and turn markers included."""
        texts = [self.render(messages) for messages in conversations]
        return [len(encoding) for encoding in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


@lru_cache(maxsize=4)
def chat_tokenizer(directory: Path) -> ChatTokenizer:
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
