"""How a file is to be read: what was found out about it, and what its owner chose. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

IGNORE, TRAIN = "ignore", "train"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a file's bytes become rows, and its rows conversations."""

    container: str
    """``jsonl``, ``json``, ``csv`` or ``parquet``."""
    shape: str
    """A key of ``shapes.SHAPES``."""
    compression: str = ""
    """``gzip``, ``zstd`` or nothing."""
    delimiter: str = ","
    """Of a CSV file."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """A shape's field -> the file's column, where they differ."""
    tool_calls: str = TRAIN
    """Whether tool calls and their results are left out (``ignore``) or kept, and the calls learned (``train``)."""
    merge_turns: bool = False
    """Whether consecutive turns of one speaker are joined by a blank line; if not, they are an error."""
    fold_system: bool = True
    """Whether a system message that a model's template refuses is put before the first user's words."""

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as JSON has them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Options":
        """From what ``to_dict`` gave. Raises TypeError for a field that is missing or not known."""
        return cls(**values)
