"""Conversations as the trainer reads them: tokenized by the product's own program."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from datasets.formats.options import Options
from datasets.tokenizing.program import read_through
from datasets.tokenizing.run import Pass


def tokenized(rows: Iterable[dict[str, Any]], model: Path, folder: Path) -> Path:
    """The cache of these OpenAI chats for a model, made in ``folder``."""
    data = folder / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = read_through(
        Pass(
            path=str(data),
            sha256="",
            options=Options(container="jsonl", shape="openai_chat").to_dict(),
            tokenizer=str(model),
            today="2026-01-31",
            folder=str(folder / "tokenized"),
            unpacked_limit=2**30,
            row_limit=10**6,
            processes=1,
        ),
        lambda _: True,
    )
    assert result is not None
    return result.cache
