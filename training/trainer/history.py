"""The steps and evaluations that checkpoints stand for, as they were reported. Pure.

A worker that was frozen or cut off has not heard of the last steps before a checkpoint; the one that continues from it
reads them here, so that no step is missing from the curves.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from .protocol import Evaluation, Step, decode, encode

NAME = "history.jsonl"


class History:
    """The record of one run folder, cut off after step ``upto``, which the run goes on from."""

    def __init__(self, run_dir: Path, *, upto: int) -> None:
        self._path = run_dir / NAME
        self._news: list[Step | Evaluation] = list(read(run_dir, upto=upto))
        draft = self._path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        self._write_to(draft)
        draft.replace(self._path)

    def add(self, event: Step | Evaluation) -> None:
        """Take note of it; it is on the disk after the next ``keep``."""
        self._news.append(event)

    def keep(self) -> None:
        """Bring all that was added to the disk."""
        self._write_to(self._path)

    def _write_to(self, path: Path) -> None:
        """All of the news, or none of it."""
        text = "".join(encode(event) + "\n" for event in self._news)
        size = path.stat().st_size if path.exists() else 0
        try:
            with path.open("a") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            os.truncate(path, size)  # half a line would spoil the next
            raise
        self._news = []


def read(run_dir: Path, *, after: int = 0, upto: int) -> Iterator[Step | Evaluation]:
    """What was reported of the steps from ``after`` to ``upto``, both included, oldest first."""
    path = run_dir / NAME
    if not path.exists():
        return
    with path.open() as file:
        for line in file:
            event = decode(line)
            if isinstance(event, Step | Evaluation) and after <= event.step <= upto:
                yield event
