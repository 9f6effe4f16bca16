"""How long conversations are, as a histogram that fits into one JSON field. Pure.

Buckets are quarter octaves (each bound 2^(1/4) times the one before, rounded), so every power of two is a bound.
A bucket keeps its tokens beside its count: what a cut at a bound loses is therefore exact, not estimated.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

DEFAULT_LONGEST = 2048
"""Tokens of the longest sequence that a run trains on, unless it is told otherwise."""
SMALLEST_BOUND, LARGEST_BOUND = 16, 2**23
BOUNDS: tuple[int, ...] = tuple(
    round(SMALLEST_BOUND * 2 ** (step / 4)) for step in range(4 * (LARGEST_BOUND // SMALLEST_BOUND).bit_length() - 3)
)
"""Inclusive upper bounds in tokens, ascending: 16, 19, 23, 27, 32, … 2^23."""


@dataclass
class Lengths:
    """Counts conversations by their tokens; one entry of each list is one bucket of BOUNDS."""

    counts: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    tokens: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    """Of all conversations in the bucket."""
    longest: int = 0
    """Tokens."""

    def add(self, lengths: Iterable[int]) -> None:
        """Count conversations of so many tokens each."""
        for length in lengths:
            bucket = min(bisect_left(BOUNDS, length), len(BOUNDS) - 1)
            self.counts[bucket] += 1
            self.tokens[bucket] += length
            self.longest = max(self.longest, length)

    def merge(self, other: "Lengths") -> None:
        """Add what another part of the file counted."""
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.tokens = [mine + theirs for mine, theirs in zip(self.tokens, other.tokens, strict=True)]
        self.longest = max(self.longest, other.longest)

    def histogram(self) -> dict[str, list[int]]:
        """``{"bounds": […], "counts": […], "tokens": […]}``, one entry a bucket, up to the longest's."""
        used = bisect_left(BOUNDS, self.longest) + 1 if self.longest else 0
        return {"bounds": list(BOUNDS[:used]), "counts": self.counts[:used], "tokens": self.tokens[:used]}


@dataclass(frozen=True)
class Cut:
    """What is lost of a data set when conversations are cut off after ``length`` tokens."""

    length: int
    conversations: int
    """How many are longer."""
    lost_tokens: int
    total_tokens: int

    @property
    def lost_share(self) -> float:
        """Lost tokens / all tokens (0 to 1); 0.0 where there are none."""
        return self.lost_tokens / self.total_tokens if self.total_tokens else 0.0


def cut_at(length: int, histogram: Mapping[str, Sequence[int]]) -> Cut:
    """What a cut after ``length`` tokens loses: exact at a bucket's bound.

    Elsewhere, every conversation of the bucket that it falls into counts as long as their mean.

    Args:
        length: tokens that are kept of a conversation.
        histogram: as ``Lengths.histogram`` gives it.
    """
    longer = lost = 0
    for count, tokens in zip(histogram["counts"], histogram["tokens"], strict=True):
        if tokens > count * length:
            longer += count
            lost += tokens - count * length
    return Cut(length=length, conversations=longer, lost_tokens=lost, total_tokens=sum(histogram["tokens"]))


def median(histogram: Mapping[str, Sequence[int]]) -> int:
    """The upper bound of the bucket that holds the middle conversation; 0 where there is none."""
    half = sum(histogram["counts"]) / 2
    for bound, reached in zip(histogram["bounds"], accumulate(histogram["counts"]), strict=True):
        if reached >= half and reached:
            return bound
    return 0
