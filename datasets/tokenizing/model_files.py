"""What a model's folder says of its tokenizer: its file, its chat template, its special tokens, its context."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RULES = 2
"""Raised when the same files come to give other tokens: what was tokenized by older rules is not used any more."""
LARGEST_CONTEXT = 2**31
"""Tokens; a larger ``model_max_length`` stands for "not known" in Transformers."""


class TokenizerNotFound(Exception):
    """The tokenizer's files are not on this machine."""


@dataclass(frozen=True)
class ModelFiles:
    """As they were read."""

    tokenizer: bytes
    template: str
    special: dict[str, str]
    """``bos_token``, ``eos_token`` and their fellows; empty where there is none."""
    context: int | None
    """The longest sequence that the model was made for, in tokens, where it is known."""
    adds_bos: bool | None = None
    """Whether a text begins with ``bos_token``, where the configuration says so."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that decides the tokens, in hex: tokenizer, chat template, special tokens, and our RULES."""
        rest = json.dumps([RULES, self.template, self.special, self.adds_bos])
        return hashlib.sha256(self.tokenizer + b"\0" + rest.encode()).hexdigest()


def fingerprint(directory: Path) -> str:
    """That of a model's folder. Raises TokenizerNotFound."""
    return read_files(directory).fingerprint


def context(directory: Path) -> int | None:
    """The longest sequence that a folder's model was made for, in tokens. Raises TokenizerNotFound."""
    return _context(_config(directory).get("model_max_length"), directory)


def read_files(directory: Path) -> ModelFiles:
    """Raises TokenizerNotFound."""
    try:
        tokenizer = (directory / "tokenizer.json").read_bytes()
        config = _config(directory)
        file = directory / "chat_template.jinja"
        source = file.read_text() if file.exists() else _default(config.get("chat_template"))
    except (OSError, ValueError) as error:
        raise _unreadable(directory, error) from error
    if not isinstance(source, str):
        raise TokenizerNotFound(f"The tokenizer in {directory} has no chat template. Choose an instruct model.")
    special = {name: _token(config.get(name)) for name in ("bos_token", "eos_token", "unk_token", "pad_token")}
    adds_bos = config.get("add_bos_token")
    context = _context(config.get("model_max_length"), directory)
    return ModelFiles(tokenizer, source, special, context, adds_bos if isinstance(adds_bos, bool) else None)


def _config(directory: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((directory / "tokenizer_config.json").read_text())
    except (OSError, ValueError) as error:
        raise _unreadable(directory, error) from error
    return config


def _unreadable(directory: Path, error: Exception) -> TokenizerNotFound:
    return TokenizerNotFound(f"The tokenizer in {directory} cannot be read on this worker ({error}).")


def _default(templates: Any) -> Any:
    """Of several named templates, the default one."""
    if isinstance(templates, list):
        templates = {one.get("name"): one.get("template") for one in templates if isinstance(one, dict)}
    return templates.get("default") if isinstance(templates, dict) else templates


def _token(value: Any) -> str:
    """A special token's text: tokenizer configurations hold it bare or as an object."""
    if isinstance(value, dict):
        return str(value.get("content", ""))
    return value or ""


def _context(stated: Any, directory: Path) -> int | None:
    """The smaller of what the tokenizer and the model's configuration state."""
    known = []
    if isinstance(stated, int | float) and 0 < stated < LARGEST_CONTEXT:
        known.append(int(stated))
    try:
        config = json.loads((directory / "config.json").read_text())
    except (OSError, ValueError):
        config = {}
    positions = (
        (config.get("text_config") or config).get("max_position_embeddings") if isinstance(config, dict) else None
    )
    if isinstance(positions, int):
        known.append(positions)
    return min(known, default=None)
