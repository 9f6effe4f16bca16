"""What an evaluation finds: base and adapter on the same rows, and the words for what came of it. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from training.core.bootstrap import Interval, mean_difference, paired_interval

LOSS = "loss"
EXACT_MATCH, TOKEN_F1, ROUGE_L = "exact_match", "token_f1", "rouge_l"
VALID_JSON, JSON_SCHEMA, PATTERN = "valid_json", "json_schema", "pattern"
LABELS = {
    LOSS: "Loss",
    EXACT_MATCH: "Exact match",
    TOKEN_F1: "Token F1",
    ROUGE_L: "ROUGE-L",
    VALID_JSON: "Valid JSON",
    JSON_SCHEMA: "Valid against the JSON schema",
    PATTERN: "Matches the pattern",
}
"""All that can be measured of a row; all but the loss are scores from 0 to 1 of an answer, the higher the better."""
SCORES = tuple(name for name in LABELS if name != LOSS)

BETTER = "better than the base"
NO_BETTER = "no better than the base"
WORSE = "worse than the base"
TOO_FEW = "too few rows to tell"


@dataclass(frozen=True, kw_only=True)
class Total:
    """One measure over all rows that have it."""

    name: str
    rows: int
    base: float
    adapter: float
    difference: float
    """Adapter's less base's."""
    interval: Interval | None
    """Of the difference; ``None``: too few rows."""

    @property
    def verdict(self) -> str:
        """In words; “no better than the base” wherever the interval holds zero."""
        if self.interval is None:
            return TOO_FEW
        if self.interval.holds_zero:
            return NO_BETTER
        is_gain = self.difference < 0 if self.name == LOSS else self.difference > 0
        return BETTER if is_gain else WORSE


def total(
    name: str, base: Sequence[float], adapter: Sequence[float], weights: Sequence[float] | None = None, *, seed: int = 0
) -> Total:
    """The measure's means with the difference's interval.

    Args:
        name: of LABELS.
        base: at least one figure; of each row the base's.
        adapter: the adapter's on the same rows.
        weights: of the rows; of losses per token, their tokens.
        seed: of the interval's draws.
    """
    zeros = [0.0] * len(base)
    return Total(
        name=name,
        rows=len(base),
        base=mean_difference(zeros, base, weights),
        adapter=mean_difference(zeros, adapter, weights),
        difference=mean_difference(base, adapter, weights),
        interval=paired_interval(base, adapter, weights, seed=seed),
    )


def perplexity(loss: float) -> float:
    """The exponential of a mean loss per token (nats): among how many tokens the model was in doubt, as it were."""
    return math.exp(loss) if loss < 700 else math.inf
