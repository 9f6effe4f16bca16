"""One pass over a file: rows in batches to as many processes as there are cores, parts back, one cache at the end."""

import contextlib
import json
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import count, islice, takewhile
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from datasets.formats.containers import Row, Rows
from datasets.formats.detect import Detected, detect
from datasets.formats.options import Options
from datasets.formats.problems import FileProblem, Problem
from datasets.formats.repeats import duplicates, same_answers
from datasets.formats.rows import Raw
from datasets.tokenizing import cache
from datasets.tokenizing.findings import Findings
from datasets.tokenizing.parts import Part, make
from datasets.tokenizing.tokens import ChatTokenizer, chat_tokenizer

PART_BYTES = 1024**2
PART_ROWS = 8192
SMALL_BYTES = 1024**2
"""A file up to this size is read in one process: starting others would take longer."""
WRITTEN_OTHERWISE = ("system_folded", "tools_as_text", "tools_left_out", "reasoning_left_out", "special_token")
"""Kinds of problems that say what was done to conversations to have the template take them."""
RESULT, CACHE, LEFT_OUT, PASS = "result.json", "cache.arrow", "left-out.csv", "pass.json"

Submit = Callable[[Part, list[Row]], "Future[None] | None"]


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What is to be read, how, and the folder where its parts and its results lie."""

    path: str
    sha256: str
    options: dict[str, Any]
    """How it is read; nothing: that is found out first, from ``file_name`` and ``choice``."""
    tokenizer: str
    """The folder of a model."""
    today: str
    """What a template is told that asks for the date (ISO 8601)."""
    folder: str
    unpacked_limit: int
    """Bytes that the file may unpack to."""
    row_limit: int
    processes: int
    file_name: str = ""
    """What the file was called when it was uploaded."""
    choice: dict[str, Any] = field(default_factory=dict)
    """What its owner chose: keyword arguments of ``detect``."""


def run(
    asked: Pass,
    on_progress: Callable[[float], None],
    on_forked: Callable[[], None],
    on_detected: Callable[[Detected], None],
) -> None:
    """Leave RESULT, CACHE and LEFT_OUT in the folder.

    Args:
        asked: the pass.
        on_progress: told the share of the file that has been read.
        on_forked: told that threads may be started.
        on_detected: told how the file is read, where that had to be found out.

    Raises FileProblem where the file is none that can be read, TokenizerNotFound, OSError.
    """
    folder = Path(asked.folder)
    options = Options.from_dict(asked.options) if asked.options else _detect(asked, on_detected)
    tokenizer = chat_tokenizer(Path(asked.tokenizer), date.fromisoformat(asked.today))
    identity = {
        "sha256": asked.sha256,
        "options": options.to_dict(),
        "tokenizer": tokenizer.fingerprint,
        "today": asked.today,
    }
    _continue_or_begin(folder, identity)
    if (folder / RESULT).exists():
        return
    with _workers(asked, options, tokenizer) as submit, (folder / LEFT_OUT).open("w") as left_out:
        on_forked()
        collected = _Collected(left_out)
        for part in _whole_parts(folder):
            collected.take(part)
        _read(asked, options, submit, collected, on_progress)
    if collected.findings.is_complete and not collected.findings.pairs:
        collected.findings.add(_nothing(collected.findings))
    _finish(folder, tokenizer, options, collected)


def _detect(asked: Pass, on_detected: Callable[[Detected], None]) -> Options:
    """How the file is to be read, said before anything else can go wrong. Raises FileProblem."""
    with tempfile.TemporaryDirectory(dir=Path(asked.folder).parent) as scratch:
        detected = detect(
            Path(asked.path), asked.file_name, limit=asked.unpacked_limit, scratch=Path(scratch), **asked.choice
        )
    on_detected(detected)
    if detected.refusal:
        raise detected.refusal
    return detected.options


def _nothing(findings: Findings) -> Problem:
    if not findings.rows:
        return Problem("empty_file", None, "The file has no rows.")
    return Problem(
        "nothing_to_train", None, f"None of the {findings.rows:,} rows holds an answer that can be trained on."
    )


class _Collected:
    """The parts so far, in order."""

    def __init__(self, left_out: TextIO) -> None:
        self.parts: list[Part] = []
        self.findings = Findings()
        self._left_out = left_out
        left_out.write("line,kind\n")

    def take(self, part: Part) -> None:
        found, bad = part.read()
        self.parts.append(part)
        self.findings.merge(found)
        self._left_out.writelines(f"{line or ''},{kind}\n" for line, kind in bad)


def _read(
    asked: Pass, options: Options, submit: Submit, collected: _Collected, on_progress: Callable[[float], None]
) -> None:
    """Every row that is not in a part yet, into parts."""
    folder = Path(asked.folder)
    waiting: deque[tuple[Part, Future[None] | None]] = deque()

    def take_first() -> None:
        part, future = waiting.popleft()
        if future is not None:
            future.result()
        collected.take(part)

    problem: Problem | None = None
    try:
        with Rows(Path(asked.path), options, limit=asked.unpacked_limit, scratch=folder) as rows:
            new = islice(_limited(rows, asked.row_limit), collected.findings.rows, None)
            for index, batch in enumerate(_batches(new), start=len(collected.parts)):
                waiting.append((Part(folder, index), submit(Part(folder, index), batch)))
                if len(waiting) > 2 * asked.processes:
                    take_first()
                on_progress(rows.share)
    except FileProblem as error:
        problem = error.problem
    while waiting:
        take_first()
    if problem:
        collected.findings.add(problem)


def _limited(rows: Rows, limit: int) -> Iterator[Row]:
    for row in rows:
        if rows.count > limit:
            raise FileProblem("too_much", f"The file has more than {limit:,} rows, which is the limit. Split it.")
        yield row


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows of about PART_BYTES at a time. A FileProblem comes after the rows before it."""
    batch: list[Row] = []
    size = 0
    problem: FileProblem | None = None
    try:
        for row in rows:
            batch.append(row)
            size += row.size if isinstance(row, Raw) else 0
            if size >= PART_BYTES or len(batch) >= PART_ROWS:
                yield batch
                batch, size = [], 0
    except FileProblem as error:
        problem = error
    if batch:
        yield batch
    if problem:
        raise problem


@contextlib.contextmanager
def _workers(asked: Pass, options: Options, tokenizer: ChatTokenizer) -> Iterator[Submit]:
    """What makes parts: processes forked with the tokenizer loaded, or for a small file this one."""
    if asked.processes == 1 or Path(asked.path).stat().st_size <= SMALL_BYTES:
        yield lambda part, rows: make(part, rows, options, tokenizer)
        return
    with ProcessPoolExecutor(
        asked.processes, mp_context=get_context("fork"), initializer=_set_up, initargs=(options, tokenizer)
    ) as pool:
        pool.submit(int).result()  # all are forked now, while there is one thread
        yield lambda part, rows: pool.submit(_make, part, rows)


_set: dict[str, Any] = {}


def _set_up(options: Options, tokenizer: ChatTokenizer) -> None:
    _set.update(options=options, tokenizer=tokenizer)


def _make(part: Part, rows: list[Row]) -> None:
    make(part, rows, _set["options"], _set["tokenizer"])


def _continue_or_begin(folder: Path, identity: dict[str, Any]) -> None:
    """Keep what lies in the folder only if it came of the very same file, options and tokenizer, and is not half gone.

    Storage moves files out of it: one that was full, or a worker that died, leaves a result without them.
    """
    marker = folder / PASS
    text = json.dumps(identity, sort_keys=True)
    is_half_gone = (folder / RESULT).exists() and not all((folder / name).exists() for name in (CACHE, LEFT_OUT))
    if is_half_gone or not marker.exists() or marker.read_text() != text:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        marker.write_text(text)


def _whole_parts(folder: Path) -> Iterator[Part]:
    return takewhile(lambda part: part.summary.exists(), (Part(folder, index) for index in count()))


def _finish(folder: Path, tokenizer: ChatTokenizer, options: Options, collected: _Collected) -> None:
    """One cache of all parts, what repeats in them, and the result."""
    findings = collected.findings
    notes = {kind: findings.counts[kind] for kind in WRITTEN_OTHERWISE if kind in findings.counts}
    schema = cache.schema_for(tokenizer, is_text=options.shape == "text", notes=notes)
    columns: dict[str, list[Any]] = {"line": [], "row_hash": [], "answer_hash": []}
    for batch in cache.join((part.tokens for part in collected.parts), folder / CACHE, schema):
        for name, values in columns.items():
            values.append(batch.column(name).to_numpy().copy())  # the batch itself is not to be kept
    if findings.examples:
        _find_repeats(
            findings, *(np.concatenate(values) for values in columns.values()), is_text=options.shape == "text"
        )
    findings.add_counted("unknown_keys", len(findings.unused), _unused(findings.unused))
    draft = folder / f"{RESULT}.draft"
    draft.write_text(json.dumps(asdict(findings) | {"fingerprint": tokenizer.fingerprint}))
    draft.replace(folder / RESULT)
    for part in collected.parts:
        part.tokens.unlink()
        part.summary.unlink()


def _find_repeats(findings: Findings, lines: Any, rows: Any, answers: Any, *, is_text: bool) -> None:
    """Rows that are the same, and answers; a row's examples follow each other, and count once."""
    first = np.concatenate(([True], lines[1:] != lines[:-1]))
    lines, rows, answers = lines[first], rows[first], answers[first]
    findings.duplicates, repeated = duplicates(rows, lines)
    findings.add_counted("duplicate", findings.duplicates, repeated)
    if not is_text:
        same = list(same_answers(answers, lines))
        findings.add_counted("same_answer", len(same), same)


def _unused(keys: Mapping[str, int]) -> Iterator[Problem]:
    for key, rows in sorted(keys.items(), key=lambda item: -item[1]):
        where = f"{rows:,} rows" if rows > 1 else "1 row"
        yield Problem("unknown_keys", None, f"“{key}” is not used; it occurs in {where}.", field=key)
