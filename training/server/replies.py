"""Answers in the shapes of OpenAI's chat API (https://platform.openai.com/docs/api-reference/chat)."""

import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from .answer import End

OWNER = "pipeline"


@dataclass(frozen=True)
class Reply:
    """What all that is said of one request has in common."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, text: str, end: End) -> dict[str, Any]:
        """The answer at once."""
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": end.finish_reason}
        return self._about("chat.completion") | {"choices": [choice], **_figures(end)}

    def chunk(self, delta: dict[str, str], *, finish_reason: str | None = None) -> dict[str, Any]:
        """A piece of the answer."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._about("chat.completion.chunk") | {"choices": [choice]}

    def usage(self, end: End) -> dict[str, Any]:
        """The chunk after the last piece."""
        return self._about("chat.completion.chunk") | {"choices": [], **_figures(end)}

    def _about(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def _figures(end: End) -> dict[str, Any]:
    usage = {
        "prompt_tokens": end.prompt_tokens,
        "completion_tokens": end.completion_tokens,
        "total_tokens": end.prompt_tokens + end.completion_tokens,
    }
    return {"usage": usage, "timings": asdict(end.timings)}


def model(name: str, *, created: int, parent: str | None, root: str, context: int) -> dict[str, Any]:
    """An entry of the list of models, as vLLM has it: ``root`` is where it lies, ``parent`` an adapter's base."""
    about = {"id": name, "object": "model", "created": created, "owned_by": OWNER}
    return about | {"root": root, "parent": parent, "max_model_len": context}
