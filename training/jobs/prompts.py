"""Prompts to try an adapter with: rows of its data with their own answers, held-out ones where that is known."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets import caches
from datasets.formats.containers import Rows
from datasets.formats.options import Options
from datasets.formats.parsing import parse
from datasets.formats.problems import FileProblem
from datasets.formats.roles import TOOL, USER
from datasets.formats.rows import Conversation, Raw
from datasets.models import DatasetVersion
from training.jobs.held_out import NotKnown, held_out_lines
from training.models import TrainingJob

MOST = 20
MOST_FILE_BYTES = 256 * 1024**2
MOST_BYTES_READ = 64 * 1024**2
"""Of a file, unpacked, while somebody waits for a page."""
LONGEST = 20_000
"""Characters of a row's prompt with its answer."""
HELD_OUT, EVALUATION_SET, TRAINED_ON, UNKNOWN = "held_out", "evaluation_set", "trained_on", "unknown"
"""What rows are to a job: its held-out share, rows of another data set, rows that it learned, or that is not known."""

DELETED = "The dataset was deleted, and its rows with it."


@dataclass(frozen=True)
class Prompt:
    """The first answer of a row that is learned, and all that comes before it."""

    line: int
    """In the data set's file."""
    messages: list[dict[str, str]]
    """``[{"role": …, "content": …}, …]``; the last is the user's."""
    reference: str
    """The answer that the row has."""

    @property
    def question(self) -> str:
        """What the user asks last."""
        return self.messages[-1]["content"]


@dataclass(frozen=True)
class Prompts:
    """At most MOST of a job's data, in the file's order."""

    found: list[Prompt]
    kind: str
    """One of HELD_OUT, EVALUATION_SET, TRAINED_ON and UNKNOWN."""
    why_unknown: str = ""
    """The rest of a sentence that begins with what is not known."""
    problem: str = ""
    """Why there are none."""


def prompts_for(job: TrainingJob) -> Prompts:
    """Rows to ask base and adapter, with what is known of them."""
    version = job.evaluation_version or job.dataset_version or job.dataset.version
    if version is None:
        return Prompts([], UNKNOWN, problem=DELETED)
    if problem := _why_not(version):
        return Prompts([], UNKNOWN, problem=problem)
    if job.evaluation_version is not None:
        return _of(version, EVALUATION_SET)
    if job.data.get("evaluation_pairs") == 0:
        return _of(version, TRAINED_ON)
    try:
        return _of(version, HELD_OUT, held_out_lines(job))
    except NotKnown as error:
        return _of(version, UNKNOWN, why_unknown=str(error))


def _of(version: DatasetVersion, kind: str, lines: list[int] | None = None, why_unknown: str = "") -> Prompts:
    """Of these lines, or of the first that there are."""
    try:
        with caches.local(version.file) as path:
            found = _read(path, Options.from_dict(version.options), None if lines is None else set(lines))
    except FileNotFoundError:
        return Prompts([], kind, problem="The dataset’s file is no longer stored.")
    problem = "" if found else "None of the rows that were looked at can be asked in a chat without tools."
    return Prompts(found, kind, why_unknown, problem)


def _why_not(version: DatasetVersion) -> str:
    if version.dataset.deleted_at is not None:
        return DELETED
    if not version.options:
        return "The dataset has not been read."
    if version.options["shape"] == "text":
        return "The dataset is plain text: it has no prompts."
    return "The dataset’s file is too large to look into from here." if version.file_size > MOST_FILE_BYTES else ""


def _read(path: Path, options: Options, lines: set[int] | None) -> list[Prompt]:
    found: list[Prompt] = []
    with (
        tempfile.TemporaryDirectory() as scratch,
        Rows(path, options, limit=MOST_BYTES_READ, scratch=Path(scratch)) as rows,
    ):
        for conversation in _conversations(rows, options, lines):
            if prompt := prompt_of(conversation):
                found.append(prompt)
            if len(found) == MOST:
                break
    return found


def _conversations(rows: Rows, options: Options, lines: set[int] | None) -> Iterator[Conversation]:
    """Those that can be read, until MOST_BYTES_READ are."""
    last = None if lines is None else max(lines, default=0)
    try:
        for row in rows:
            if last is not None and row.line is not None and row.line > last:
                return
            if isinstance(row, Raw) and (lines is None or row.line in lines):
                conversation = parse(row, options)
                if isinstance(conversation, Conversation):
                    yield conversation
    except FileProblem:  # it is larger than is read here, or damaged: what came before is sound
        return


def prompt_of(conversation: Conversation) -> Prompt | None:
    """``None`` where a chat without tools cannot ask it, or nobody could read it."""
    messages = conversation.messages
    at = next((index for index, message in enumerate(messages) if message.trained), 0)
    asked, answer = messages[:at], messages[at] if messages else None
    if answer is None or not asked or asked[-1].role != USER or conversation.tools:
        return None
    if answer.calls or not answer.content or any(message.calls or message.role == TOOL for message in asked):
        return None
    if sum(len(message.content) for message in (*asked, answer)) > LONGEST:
        return None
    return Prompt(
        conversation.line,
        [{"role": message.role, "content": message.content} for message in asked],
        answer.content,
    )
