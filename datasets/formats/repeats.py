"""Rows that repeat others, found over the whole file from two hashes a row (``checks.fingerprints``). Pure."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from datasets.formats.problems import SHOWN, Problem

SAME_ANSWER_LEAST = 20
SAME_ANSWER_SHARE = 0.05
"""An answer is suspicious that so many rows give, and such a share of all rows."""

Numbers = NDArray[np.int64]


def duplicates(rows: Numbers, lines: Numbers) -> tuple[int, list[Problem]]:
    """How many rows repeat an earlier one, and the first SHOWN of them in the file's order.

    Args:
        rows: each row's hash, shape (rows,), in the file's order.
        lines: their lines, shape (rows,).
    """
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.concatenate(([True], ordered[1:] != ordered[:-1])) if len(ordered) else np.zeros(0, bool)
    first_of = order[np.maximum.accumulate(np.where(starts, np.arange(len(ordered)), 0))] if len(ordered) else order
    again = np.flatnonzero(~starts)
    earliest = again[np.argsort(order[again])][:SHOWN]
    problems = [
        Problem("duplicate", int(lines[order[index]]), f"The same as line {int(lines[first_of[index]]):,}.")
        for index in earliest
    ]
    return len(again), problems


def same_answers(answers: Numbers, lines: Numbers) -> Iterator[Problem]:
    """Answers that suspiciously many rows give, the most frequent first, at the first line that gives each.

    Args:
        answers: each row's hash of its answers, shape (rows,), in the file's order.
        lines: their lines, shape (rows,).
    """
    _, first, counts = np.unique(answers, return_index=True, return_counts=True)
    least = max(SAME_ANSWER_LEAST, SAME_ANSWER_SHARE * len(answers))
    for index in np.argsort(-counts, kind="stable")[:SHOWN]:
        if counts[index] < least:
            return
        share = 100 * counts[index] / len(answers)
        reason = f"{counts[index]:,} rows ({share:.0f} %) give this same answer, which is learned above all others."
        yield Problem("same_answer", int(lines[first[index]]), reason)
