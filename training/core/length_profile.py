"""How long a data set's conversations are, as far as is known; memory is predicted for the longest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datasets.formats.lengths import cut_at
from training.core.estimate import DEFAULT_TOKENS_PER_PAIR

LONGEST_TO_MEAN = 4
"""Assumed where only totals are known, on the cautious side: memory runs out at the longest conversation."""


@dataclass(frozen=True, kw_only=True)
class LengthProfile:
    """Tokens of a data set's conversations, as they are trained on (cut off at the longest sequence)."""

    longest: int
    mean: float
    pairs: float
    """Learned answers of a conversation, on average."""
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
        """From a data set's figures, each ``None`` where it is not known.

        Args:
            conversations: how many there are.
            pairs: learned answers in all of them.
            tokens: of all of them.
            longest: tokens of the longest one.
            histogram: ``{"bounds": […], "counts": […], "tokens": […]}``, by length in tokens.
            limit: tokens after which conversations are cut off.
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
        """Most conversations of one step that one GPU gets; a step is shared out in whole conversations.

        Args:
            batch_size: training pairs a step, over all GPUs.
            gpu_count: GPUs that share the step.
        """
        whole_step = max(1, -(-batch_size // max(1, int(self.pairs))))
        return -(-whole_step // gpu_count)


def _mean(histogram: Mapping[str, Sequence[int]] | None, limit: int) -> float | None:
    """Mean tokens of a conversation when what is beyond ``limit`` is cut off, bin by bin."""
    conversations = sum(histogram["counts"]) if histogram else 0
    if not histogram or not conversations:
        return None
    cut = cut_at(limit, histogram)
    return (cut.total_tokens - cut.lost_tokens) / conversations
