"""Rows as they come out of a container, and conversations as they come out of a row. Pure."""

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


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    """``system``, ``user`` or ``assistant``; while a row is read, also ``tool``."""
    content: str
    trained: bool = False
    """An answer that is learned; every other message is context."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One row that can be trained on: messages, or plain text that is learned whole."""

    line: int
    """That the row begins on."""
    messages: tuple[Message, ...] = ()
    text: str | None = None

    @property
    def pairs(self) -> int:
        """Answers that are learned, each with all before it as its context; a plain text is one."""
        return 1 if self.text is not None else sum(message.trained for message in self.messages)

    @property
    def turns(self) -> int:
        """Messages of user and assistant; a plain text is one."""
        return 1 if self.text is not None else sum(message.role != "system" for message in self.messages)

    @property
    def chat(self) -> list[dict[str, str]]:
        """``[{"role": …, "content": …}, …]``, as chat templates take it."""
        return [{"role": message.role, "content": message.content} for message in self.messages]

    @property
    def answers(self) -> str:
        """All that is learned of it, as one text; answers are joined by NUL, which none of them holds."""
        if self.text is not None:
            return self.text
        return "\0".join(message.content for message in self.messages if message.trained)
