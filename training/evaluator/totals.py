"""What all rows come to, with intervals. Loads no PyTorch."""

from dataclasses import asdict
from typing import Any

from training.core.evaluation import LOSS, Total, perplexity, total
from training.evaluator.protocol import Evaluated, EvaluationSpec, Row


def evaluated(rows: list[Row], spec: EvaluationSpec, *, seconds: float) -> Evaluated:
    """The totals of at least one row: the loss counts each by its tokens, a score by its answer."""
    base, adapter = ([said["loss"] for said in column] for column in _columns(rows))
    loss = total(LOSS, base, adapter, [row.tokens for row in rows], seed=spec.seed)
    scores = [found for name in spec.scores if (found := _score(name, rows, spec)) is not None]
    return Evaluated(
        rows=len(rows),
        totals={found.name: _described(found) for found in (loss, *scores)},
        base_perplexity=perplexity(loss.base),
        adapter_perplexity=perplexity(loss.adapter),
        seconds=seconds,
    )


def _score(name: str, rows: list[Row], spec: EvaluationSpec) -> Total | None:
    """Of the rows of which both models have it; ``None`` where there are none."""
    pairs = [
        (base["scores"].get(name), adapter["scores"].get(name)) for base, adapter in zip(*_columns(rows), strict=True)
    ]
    decided = [pair for pair in pairs if None not in pair]
    if not decided:
        return None
    base, adapter = zip(*decided, strict=True)
    return total(name, base, adapter, seed=spec.seed)


def _columns(rows: list[Row]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return [row.base for row in rows], [row.adapter for row in rows]


def _described(found: Total) -> dict[str, Any]:
    values = asdict(found)
    interval = values.pop("interval") or {"low": None, "high": None}
    del values["name"]
    return values | interval | {"verdict": found.verdict}
