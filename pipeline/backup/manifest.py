"""What a back-up holds, and what it is of."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.backup.errors import BackupError

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """A file of the back-up."""

    name: str
    size: int
    sha256: str


@dataclass(kw_only=True)
class Manifest:
    """Written last: a back-up without one is none."""

    made_at: str
    version: str
    """Of Pipeline."""
    migrations: list[list[str]]
    """App and name of each that the database had."""
    rows: dict[str, int]
    """By table."""
    entries: list[Entry] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    """Files that rows name and that were not in storage: of deleted data sets, or removed while it was made."""
    format: int = FORMAT

    def to_json(self) -> bytes:
        return (json.dumps(asdict(self), indent=1) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Raises BackupError."""
        try:
            values: dict[str, Any] = json.loads(text)
            if values["format"] != FORMAT:
                raise BackupError(f"The back-up is of format {values['format']}; this version reads {FORMAT}.")
            return cls(**values | {"entries": [Entry(**entry) for entry in values["entries"]]})
        except (ValueError, KeyError, TypeError) as error:
            raise BackupError(f"The back-up's {NAME} cannot be read: {error}") from error

    def below(self, folder: str) -> list[Entry]:
        """The entries of one folder."""
        return [entry for entry in self.entries if entry.name.startswith(f"{folder}/")]
