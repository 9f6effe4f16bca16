"""The rows that are done, in a file, so that an evaluation goes on where it was left. Loads no PyTorch."""

import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

from training.evaluator.protocol import ROWS, EvaluationSpec, Row
from training.trainer.protocol import encode


class Record:
    """One file of an evaluation's folder. Its first line says of what evaluation: of another one, nothing is kept."""

    def __init__(self, folder: Path, spec: EvaluationSpec) -> None:
        self._path = folder / ROWS
        self._head = json.dumps({"evaluation": fingerprint(spec)})
        self.rows: dict[int, Row] = {}
        """By line of the data set's file."""
        lines = self._path.read_text().split("\n") if self._path.exists() else []
        if lines[:1] == [self._head]:
            for line in lines[1:-1]:  # what no line end follows is half-written
                values = json.loads(line)
                values.pop("kind")
                row = Row(**values)
                self.rows[row.line] = row

    def begin(self) -> None:
        """Write the file anew, with the rows that are kept."""
        draft = self._path.with_suffix(".draft")
        draft.write_text("".join(f"{line}\n" for line in (self._head, *map(encode, self.rows.values()))))
        draft.replace(self._path)

    def add(self, row: Row) -> None:
        """Keep a row that is done, on the disk."""
        self.rows[row.line] = row
        with self._path.open("a") as file:
            file.write(encode(row) + "\n")
            file.flush()
            os.fsync(file.fileno())


def fingerprint(spec: EvaluationSpec) -> str:
    """Of all that decides the rows (SHA-256)."""
    decisive = asdict(replace(spec, folder="", lease_seconds=0))
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
