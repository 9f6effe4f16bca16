"""How long a data set's conversations are, as far as is known: what memory is predicted for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.core.estimate import DEFAULT_TOKENS_PER_PAIR

LONGEST_TO_MEAN = 4
"""Assumed where only totals are known, on the cautious side: memory runs out at the longest conversation."""


@dataclass(frozen=True, kw_only=True)
class LengthProfile:
    """Tokens of a conversation; ``pairs`` are a conversation's assistant turns, on average."""

    longest: int
    mean: float
    pairs: float
    is_measured: bool
    """``False`` where the longest is only assumed from the mean."""

    @classmethod
    def of(
        cls,
        *,
        conversations: int | None,
        pairs: int | None,
        tokens: int | None,
        longest: int | None,
        histogram: Mapping[str, Sequence[int]] | None,
        limit: int,
    ) -> "LengthProfile":
        """From a data set's figures, each as far as it is known. Beyond ``limit`` tokens, conversations are cut off.

        ``histogram``: ``{"bounds": […], "counts": […], "tokens": […]}``, by length.
        """
        per_conversation = (pairs / conversations) if pairs and conversations else 1.0
        mean = _mean(histogram, limit)
        if mean is None:
            mean = tokens / conversations if tokens and conversations else DEFAULT_TOKENS_PER_PAIR * per_conversation
        return cls(
            longest=max(1, min(longest or int(mean * LONGEST_TO_MEAN), limit)),
            mean=max(1.0, min(mean, limit)),
            pairs=per_conversation,
            is_measured=bool(longest),
        )

    def sequences(self, *, batch_size: int, gpu_count: int) -> int:
        """Conversations of one step that one GPU gets, at most; a step's pairs are shared out whole conversations."""
        whole_step = max(1, -(-batch_size // max(1, int(self.pairs))))
        return -(-whole_step // gpu_count)


def _mean(histogram: Mapping[str, Sequence[int]] | None, limit: int) -> float | None:
    """Tokens of a conversation that are left when what is beyond ``limit`` is cut off, bin by bin."""
    if not histogram or not sum(histogram["counts"]):
        return None
    bins = zip(histogram["counts"], histogram["tokens"], strict=True)
    return sum(min(tokens, count * limit) for count, tokens in bins) / sum(histogram["counts"])
