"""What a tokenizer reads in a text, and which of the tokens are learned.

A server reads the prompt by itself, and the model's own tokens follow. In the whole text the prompt's last characters
may go into other tokens (a line break into those of an answer that begins with some): such an answer is read apart,
in an example that ends with it, so that what stands before every learned answer is what a server would send.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from tokenizers import Encoding, Tokenizer

from datasets.tokenizing.answers import Answer, Written

Read = tuple[list[int], Encoding]
"""Ids, and where in the text they stand."""
LONGEST_REMEMBERED = 200
"""Characters; the beginnings of an assistant's turn are shorter, and all alike."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens, and the learned ones as pairs of positions [from, to, from, to, …)."""

    ids: list[int]
    spans: list[int]
    weights: list[float] = field(default_factory=list)
    """What each span's loss counts; none: all count 1."""
    head: int = 0
    """Tokens at the beginning that stay when it is cut: all before the first user's words."""

    @property
    def trained(self) -> int:
        """How many tokens are learned."""
        return sum(self.spans[1::2]) - sum(self.spans[::2])


def load(source: bytes) -> Tokenizer:
    """A tokenizer from its file, without the cutting and padding that the file may ask for."""
    tokenizer = Tokenizer.from_buffer(source)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


class Reader:
    """A tokenizer that adds nothing to a text."""

    def __init__(self, tokenizer: Tokenizer, numbers: Mapping[int, int] | None = None) -> None:
        """``numbers``: ids to be given in the place of others."""
        self._tokenizer = tokenizer
        self._numbers = numbers or {}
        self.added = frozenset(self._numbers.get(one, one) for one in tokenizer.get_added_tokens_decoder())
        """Tokens at which a text is parted before all else: what follows does not depend on what precedes."""
        self._remembered = lru_cache(maxsize=256)(lambda text: self.read(text)[0])

    def read(self, text: str) -> Read:
        """One text."""
        return self._own(self._tokenizer.encode(text, add_special_tokens=False))

    def read_all(self, texts: list[str]) -> Iterator[Read]:
        """Several texts, in order."""
        return map(self._own, self._tokenizer.encode_batch(texts, add_special_tokens=False))

    def ids(self, text: str) -> list[int]:
        """The ids of a text that is likely to come again."""
        return self._remembered(text) if len(text) <= LONGEST_REMEMBERED else self.read(text)[0]

    def _own(self, encoding: Encoding) -> Read:
        ids = encoding.ids
        return ([self._numbers.get(one, one) for one in ids] if self._numbers else ids), encoding


def examples(written: Written, head: int, reader: Reader, whole: Read) -> Iterable[Encoded]:
    """A text's examples: one, and one more for each answer that is read apart and not the last.

    Args:
        written: the text.
        head: characters at its beginning.
        reader: the tokenizer.
        whole: what it reads in all of the text.
    """
    ids, encoding = whole
    before = _tokens_before(encoding, head) if head else 0
    waiting: list[Answer] = []
    for answer in written.answers:
        if _follows_its_prompt(reader, written.text, whole, answer.start):
            waiting.append(answer)
        else:
            is_last = answer is written.answers[-1]
            yield _apart(written.text[: None if is_last else answer.end], [*waiting, answer], before, reader)
            waiting = []
    if waiting or not written.answers:
        yield _encoded(ids, [(_span(encoding, one.start, one.end), one.weight) for one in waiting], before)


Spans = list[tuple[tuple[int, int] | None, float]]
"""From which token to before which, and what their loss counts."""


def _encoded(ids: list[int], found: Spans, head: int) -> Encoded:
    spans = [(span, weight) for span, weight in found if span]
    weights = [weight for _, weight in spans]
    return Encoded(ids, [at for span, _ in spans for at in span], [] if set(weights) <= {1} else weights, head)


def _apart(text: str, answers: list[Answer], head: int, reader: Reader) -> Encoded:
    """The last answer read apart from all before it."""
    *earlier, last = answers
    ids, encoding = reader.read(text[: last.start])
    found: Spans = [(_span(encoding, one.start, one.end), one.weight) for one in earlier]
    answer, encoding = reader.read(text[last.start :])
    span = _span(encoding, 0, last.end - last.start)
    if span:
        found.append(((len(ids) + span[0], len(ids) + span[1]), last.weight))
    return _encoded(ids + answer, found, head)


def _follows_its_prompt(reader: Reader, text: str, whole: Read, start: int) -> bool:
    """Whether the text up to ``start``, read by itself, gives the tokens that it gives in the whole."""
    ids, encoding = whole
    first = encoding.char_to_token(start)
    if first is None:
        return True
    if _begins_before(encoding, first, start):
        return False
    since = next((at for at in range(first - 1, -1, -1) if ids[at] in reader.added), 0)
    characters = encoding.token_to_chars(since) if since else None
    return reader.ids(text[characters[0] if characters else 0 : start]) == ids[since:first]


def _tokens_before(encoding: Encoding, at: int) -> int:
    token = encoding.char_to_token(at)
    return 0 if token is None else token


def _span(encoding: Encoding, start: int, end: int) -> tuple[int, int] | None:
    """From which token to before which the characters from ``start`` to before ``end`` reach, if there are any."""
    inside = range(start, end)
    first = next((token for at in inside if (token := encoding.char_to_token(at)) is not None), None)
    last = next((token for at in reversed(inside) if (token := encoding.char_to_token(at)) is not None), None)
    if first is None or last is None:
        return None
    while last + 1 < len(encoding) and _begins_before(encoding, last + 1, end):
        last += 1
    return first, last + 1


def _begins_before(encoding: Encoding, token: int, end: int) -> bool:
    characters = encoding.token_to_chars(token)
    return characters is not None and characters[0] < end
