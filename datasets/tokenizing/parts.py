"""A part: some rows after one another, checked and tokenized; two files that are whole or not there."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.formats.checks import fingerprints, warnings
from datasets.formats.containers import Row
from datasets.formats.conversation import compact
from datasets.formats.options import Options
from datasets.formats.parsing import parse
from datasets.formats.problems import ERROR, Problem, excerpt
from datasets.formats.rows import Conversation
from datasets.tokenizing import cache
from datasets.tokenizing.findings import Findings
from datasets.tokenizing.tokens import ChatTokenizer, Encoded

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

    def add(self, conversation: Conversation, encoded: Encoded, context: int | None) -> None:
        found, length = self.findings, len(encoded.ids)
        found.conversations += 1
        found.pairs += conversation.pairs
        found.turns += conversation.turns
        found.tokens += length
        found.trained_tokens += encoded.trained
        found.lengths.add([length])
        for problem in warnings(conversation):
            found.add(problem)
        if context is not None and length > context:
            reason = f"{length:,} tokens, but the model reads {context:,} at most: the rest is cut off."
            found.add(Problem("too_long", conversation.line, reason))
        row_hash, answer_hash = fingerprints(conversation)
        for name, value in (
            ("line", conversation.line), ("pairs", conversation.pairs), ("ids", encoded.ids), ("spans", encoded.spans),
            ("row_hash", row_hash), ("answer_hash", answer_hash),
        ):  # fmt: skip
            self.columns[name].append(value)


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
        _encode(good[start : start + ENCODED_AT_ONCE], tokenizer, work)
    cache.write_part(part.tokens, work.columns)
    draft = part.summary.with_suffix(".draft")
    draft.write_text(json.dumps({"findings": work.findings.to_dict(), "left_out": work.left_out}))
    draft.replace(part.summary)


def _encode(conversations: list[Conversation], tokenizer: ChatTokenizer, work: _Work) -> None:
    try:
        for conversation, encoded in zip(conversations, tokenizer.encode(conversations), strict=True):
            work.add(conversation, encoded, tokenizer.context)
    except ValueError as error:
        if len(conversations) > 1:  # the chat template refuses one of them: find out which
            for conversation in conversations:
                _encode([conversation], tokenizer, work)
        else:
            (refused,) = conversations
            work.add_problem(Problem("template", refused.line, f"{error}.", excerpt=excerpt(compact(refused.chat))))
