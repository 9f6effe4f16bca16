"""What of a data set's rows is trained on when they are longer than the longest sequence. Pure.

The web side counts with it what a run would train on, and the trainer trains on just that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SPLIT, CUT, DROP = "split", "cut", "drop"
"""What becomes of what is too long. Conversations: SPLIT and CUT take each answer whole, with as much of what came
before it as there is room for; DROP leaves the whole row out. Plain text: SPLIT makes pieces of it, CUT keeps its
beginning, DROP leaves it out."""

LEAST_CONTEXT = 8
"""Tokens right before an answer without which it is not learned: in most templates these open the assistant's turn."""


@dataclass(frozen=True, slots=True)
class Window:
    """A sequence to train on: the first ``head`` tokens of an example, then those from ``start`` to before ``stop``."""

    head: int
    start: int
    stop: int
    spans: tuple[int, ...] = ()
    """Learned tokens [from, to, from, to, …), as positions in the window."""
    weights: tuple[float, ...] = ()
    """What each span's loss counts; none: all count 1."""

    @property
    def length(self) -> int:
        """Tokens."""
        return self.head + self.stop - self.start

    @property
    def pairs(self) -> int:
        """Learned answers; a piece of plain text is one."""
        return len(self.spans) // 2

    @property
    def trained(self) -> int:
        """Learned tokens. The first of a sequence is none: nothing before it foretells it."""
        return sum(self.spans[1::2]) - sum(self.spans[::2]) - (0 in self.spans[:1])


@dataclass(frozen=True, slots=True)
class Measures:
    """What is to be known of an example for its windows."""

    length: int
    """Tokens."""
    spans: Sequence[int]
    """Its answers, as positions [from, to, from, to, …)."""
    weights: Sequence[float] = ()
    """What each answer's loss counts; none: all count 1."""
    head: int = 0
    """Tokens at its beginning that stay."""


def row_windows(examples: Sequence[Measures], *, limit: int, choice: str, is_text: bool) -> list[list[Window]]:
    """The sequences that each example of one row is trained as; where one is too long, DROP leaves all of them out.

    Arguments as those of ``windows``.
    """
    if choice == DROP and any(example.length > limit for example in examples):
        return [[] for _ in examples]
    return [
        windows(one.length, one.spans, one.weights, one.head, limit=limit, choice=choice, is_text=is_text)
        for one in examples
    ]


def windows(
    length: int, spans: Sequence[int], weights: Sequence[float], head: int, *, limit: int, choice: str, is_text: bool
) -> list[Window]:
    """The sequences that an example is trained as, in order; none where nothing of it can be.

    Args:
        length: tokens of the example.
        spans: its answers, as positions [from, to, from, to, …).
        weights: of its answers; none: all count 1. One that counts 0 is not learned.
        head: tokens at its beginning that stay.
        limit: tokens of the longest sequence.
        choice: SPLIT, CUT or DROP.
        is_text: it is plain text, learned whole.
    """
    spans, weights = _learned(spans, weights)
    if not spans:
        return []
    if length <= limit:
        return [Window(0, 0, length, tuple(spans), tuple(weights))]
    if choice == DROP:
        return []
    if is_text:
        return list(_pieces(length, weights, head, limit))[: None if choice == SPLIT else 1]
    return list(_of_answers(spans, weights, head, limit))[::-1]


def _learned(spans: Sequence[int], weights: Sequence[float]) -> tuple[Sequence[int], Sequence[float]]:
    """Without the answers of which nothing is learned: that count 0, or are no more than a sequence's first token."""
    count = len(spans) // 2
    kept = [at for at in range(count) if spans[2 * at + 1] > max(spans[2 * at], 1) and (not weights or weights[at] > 0)]
    if len(kept) == count:
        return spans, weights
    return [edge for at in kept for edge in spans[2 * at : 2 * at + 2]], [weights[at] for at in kept if weights]


def _pieces(length: int, weights: Sequence[float], head: int, limit: int) -> Iterator[Window]:
    """Plain text in sequences of ``limit`` tokens, each begun as a text is.

    Where a text has no head, a piece begins with the last token of the one before, which foretells its first.
    """
    begin = head or 1
    if begin >= limit:
        return
    yield Window(0, 0, limit, (head, limit), tuple(weights))
    for start in range(limit, length, limit - begin):
        stop = min(start + limit - begin, length)
        yield Window(head, start + head - begin, stop, (begin, begin + stop - start), tuple(weights))


def _of_answers(spans: Sequence[int], weights: Sequence[float], head: int, limit: int) -> Iterator[Window]:
    """From the last answer back: each window ends with an answer and has as many before it as fit.

    The last one's history may be cut, the others stand in it with all that followed the answer before them. No window
    begins inside an answer. An answer that does not fit beside the head and LEAST_CONTEXT is in no window.
    """
    begins, ends = spans[::2], spans[1::2]
    head = min(head, begins[0])
    earliest = [head, *ends[:-1]]  # from here on, an answer has its question whole
    if not head:  # a token before an answer must be there to foretell its first
        earliest = [max(0, min(place, begin - 1)) for place, begin in zip(earliest, begins, strict=True)]
    last = len(begins) - 1
    while last >= 0:
        stop = ends[last]
        kept = head if stop > limit else 0
        start = max(kept, stop - (limit - kept))
        if start > max(earliest[last], begins[last] - LEAST_CONTEXT):
            last -= 1
            continue
        first = last
        while first > 0 and earliest[first - 1] >= start:
            first -= 1
        if first > 0 and begins[first - 1] < start < ends[first - 1]:
            start = earliest[first]
        shift = kept - start
        places = tuple(at + shift for at in spans[2 * first : 2 * last + 2])
        yield Window(kept, start, stop, places, tuple(weights[first : last + 1]))
        last = first - 1


def halves(window: Window) -> tuple[Window, Window]:
    """A window of several answers as two: the earlier answers, and the later ones with all before them as context."""
    half = window.pairs // 2
    stop = window.start + window.spans[2 * half - 1] - window.head
    return (
        Window(window.head, window.start, stop, window.spans[: 2 * half], window.weights[:half]),
        Window(window.head, window.start, window.stop, window.spans[2 * half :], window.weights[half:]),
    )
