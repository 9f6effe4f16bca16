"""Rows as they come out of a container, and conversations as they come out of a row. Pure."""

import json
from dataclasses import dataclass
from typing import Any

LONGEST_ROW = 8 * 1024**2
"""Bytes; a row beyond it is an error, found without reading it into memory."""
LONGEST_ROW_SHOWN = f"{LONGEST_ROW // 1024**2} MB"


@dataclass(frozen=True, slots=True)
class Raw:
    """A row before its meaning is known: a line's bytes, or an object that its container has read already."""

    line: int
    """Line of a text file, row of a Parquet file, from 1."""
    data: bytes | dict[str, Any]
    size: int
    """About how many bytes it takes in the file, unpacked."""
    offset: int = 0
    """Of a line's first byte in the (unpacked) file."""
    repeated: tuple[str, ...] = ()
    """Keys that stand twice in one of its objects, where the container has read it; the last value counts."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    """``system``, ``user``, ``assistant`` or ``tool``."""
    content: str
    weight: float = 0.0
    """What the loss of its tokens counts: 1 for an answer that is learned, 0 for context."""
    reasoning: str = ""
    """What the assistant thought before it answered, where that stands apart."""
    calls: tuple[dict[str, Any], ...] = ()
    """Tools that the assistant calls: ``{"id": …, "type": "function", "function": {"name": …, "arguments": {…}}}``.

    Without ``id`` where the row gives none.
    """
    call_id: str = ""
    """Of a tool's result: the call that it answers."""
    name: str = ""
    """Of a tool's result: the tool."""

    @property
    def trained(self) -> bool:
        """Whether it is learned."""
        return self.weight > 0

    @property
    def called(self) -> str:
        """Its calls as one line of JSON, without their ids; nothing where it makes none."""
        return json.dumps([call["function"] for call in self.calls], ensure_ascii=False) if self.calls else ""

    @property
    def as_chat(self) -> dict[str, Any]:
        """As chat templates take it; what it does not have is not there."""
        about = {
            "reasoning_content": self.reasoning,
            "thinking": self.reasoning,
            "tool_calls": list(self.calls),
            "tool_call_id": self.call_id,
            "name": self.name,
        }
        return {"role": self.role, "content": self.content} | {name: value for name, value in about.items() if value}


@dataclass(frozen=True, slots=True)
class Conversation:
    """One row that can be trained on: messages, or plain text that is learned whole."""

    line: int
    """That the row begins on."""
    messages: tuple[Message, ...] = ()
    text: str | None = None
    tools: tuple[Any, ...] = ()
    """JSON schemas of the functions that the assistant may call."""
    notes: tuple[tuple[str, str], ...] = ()
    """Warnings: (kind of problem, what is to be said of it)."""
    unused: tuple[str, ...] = ()
    """Keys of the row that nothing is made of: ``metadata``, ``messages[].timestamp``."""

    @property
    def pairs(self) -> int:
        """Answers that are learned, each with all before it as its context; a plain text is one."""
        return 1 if self.text is not None else sum(message.trained for message in self.messages)

    @property
    def turns(self) -> int:
        """Messages of user and assistant; a plain text is one."""
        return 1 if self.text is not None else sum(message.role != "system" for message in self.messages)

    @property
    def chat(self) -> list[dict[str, Any]]:
        """``[{"role": …, "content": …}, …]``, as chat templates take it."""
        return [message.as_chat for message in self.messages]

    @property
    def answers(self) -> str:
        """All that is learned of it, as one text; answers are joined by NUL, which none of them holds."""
        if self.text is not None:
            return self.text
        return "\0".join(f"{message.content}{message.called}" for message in self.messages if message.trained)
