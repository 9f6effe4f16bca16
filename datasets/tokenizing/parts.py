"""A part: some rows after one another, checked and tokenized; two files that are whole or not there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.formats.checks import fingerprints, warnings
from datasets.formats.containers import Row
from datasets.formats.lengths import DEFAULT_LONGEST
from datasets.formats.options import Options
from datasets.formats.parsing import parse
from datasets.formats.problems import ERROR, Problem, excerpt, storable
from datasets.formats.rows import Conversation
from datasets.formats.values import compact
from datasets.tokenizing import cache
from datasets.tokenizing.findings import Findings
from datasets.tokenizing.reading import Encoded
from datasets.tokenizing.template import Refused
from datasets.tokenizing.tokens import ChatTokenizer, Tokenized

ENCODED_AT_ONCE = 64


@dataclass(frozen=True)
class Part:
    """Number ``index`` in a folder."""

    folder: Path
    index: int

    @property
    def tokens(self) -> Path:
        return self.folder / f"part-{self.index:06d}.arrow"

    @property
    def summary(self) -> Path:
        """Written last: where it is, the part is whole."""
        return self.folder / f"part-{self.index:06d}.json"

    def read(self) -> tuple[Findings, list[tuple[int, str]]]:
        """What was found in it, and its bad rows as (line, kind)."""
        values = json.loads(self.summary.read_text())
        return Findings.from_dict(values["findings"]), [(line, kind) for line, kind in values["left_out"]]


@dataclass
class _Work:
    """A part in the making."""

    findings: Findings = field(default_factory=Findings)
    left_out: list[tuple[int | None, str]] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in cache.PART_SCHEMA.names})

    def add_problem(self, problem: Problem) -> None:
        self.findings.add(problem)
        if problem.severity == ERROR:
            self.left_out.append((problem.line, problem.kind))

    def refuse(self, conversation: Conversation, error: Exception) -> None:
        """A sound row that the model's template or tokenizer cannot write: that row's own, whatever it was."""
        self.count(conversation)
        why = str(error) if isinstance(error, Refused) else f"It could not be written ({type(error).__name__}: {error})"
        seen = excerpt(compact(conversation.chat))
        self.findings.add(Problem("template", conversation.line, storable(why.rstrip(".") + "."), excerpt=seen))
        self.left_out.append((conversation.line, "template"))

    def add(self, conversation: Conversation, tokenized: Tokenized, context: int | None) -> None:
        """Take a row in, whole or, where it raises, not at all."""
        found = [
            *warnings(conversation),
            *_notes(conversation, tokenized),
            *_too_long(conversation, tokenized, context),
        ]
        hashes = fingerprints(conversation)
        self.count(conversation)
        for problem in found:
            self.findings.add(problem)
        for encoded in tokenized.examples:
            self._add_example(conversation.line, encoded, hashes)

    def count(self, conversation: Conversation) -> None:
        """What the row is by what stands in the file, whatever a model's template makes of it."""
        found = self.findings
        found.conversations += 1
        found.pairs += conversation.pairs
        found.turns += conversation.turns
        for key in conversation.unused:
            found.add_unused(key)

    def _add_example(self, line: int, encoded: Encoded, hashes: tuple[int, int]) -> None:
        found, length = self.findings, len(encoded.ids)
        found.examples += 1
        found.tokens += length
        found.trained_tokens += encoded.trained
        found.lengths.add([length])
        row = (line, len(encoded.spans) // 2, encoded.ids, encoded.spans, encoded.weights, encoded.head, *hashes)
        for name, value in zip(cache.PART_SCHEMA.names, row, strict=True):
            self.columns[name].append(value)


def _notes(conversation: Conversation, tokenized: Tokenized) -> Iterator[Problem]:
    for kind, reason in (*conversation.notes, *tokenized.notes.items()):
        yield Problem(kind, conversation.line, reason)


def _too_long(conversation: Conversation, tokenized: Tokenized, context: int | None) -> Iterator[Problem]:
    longest = max((len(encoded.ids) for encoded in tokenized.examples), default=0)
    if context is not None and longest > context:
        yield Problem("too_long", conversation.line, f"{longest:,} tokens, but the model reads {context:,} at most.")
    elif longest > DEFAULT_LONGEST:
        reason = f"{longest:,} tokens: a run splits it unless it is given a sequence length above {DEFAULT_LONGEST:,}."
        yield Problem("too_long", conversation.line, reason)


def make(part: Part, rows: list[Row], options: Options, tokenizer: ChatTokenizer) -> None:
    """Check and tokenize the rows, and write the part."""
    work = _Work()
    work.findings.rows = len(rows)
    good: list[Conversation] = []
    for row in rows:
        found = row if isinstance(row, Problem) else parse(row, options)
        if isinstance(found, Problem):
            work.add_problem(found)
        else:
            good.append(found)
    for start in range(0, len(good), ENCODED_AT_ONCE):
        _encode(good[start : start + ENCODED_AT_ONCE], tokenizer, work, fold=options.fold_system)
    cache.write_part(part.tokens, work.columns)
    draft = part.summary.with_suffix(".draft")
    draft.write_text(json.dumps({"findings": work.findings.to_dict(), "left_out": work.left_out}))
    draft.replace(part.summary)


def _encode(conversations: list[Conversation], tokenizer: ChatTokenizer, work: _Work, *, fold: bool) -> None:
    """Several at once, which is faster; where one cannot be written, one by one to find out which."""
    try:
        tokenized = tokenizer.encode(conversations, fold=fold)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the row's error and no other row's
        if len(conversations) > 1:
            for conversation in conversations:
                _encode([conversation], tokenizer, work, fold=fold)
        else:
            work.refuse(conversations[0], error)
        return
    for conversation, one in zip(conversations, tokenized, strict=True):
        work.add(conversation, one, tokenizer.context)
