"""Tokens as text while they come: no half characters, and nothing of a stop string."""

from typing import Any


class Writer:
    """Text that grows by a token at a time, and in the end is what all tokens decode to together.

    Ours because ``tokenizers.decoders.DecodeStream`` fails on tokens that are no whole characters together, and
    Transformers' streamers hold words back until the next begins.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._start = 0
        """Where the tokens begin that are decoded again: some write themselves otherwise without one before them."""
        self._written = 0
        """Before this token, all is written."""

    def add(self, token: int) -> str:
        """What can be written now; nothing while the last character is not whole."""
        self._ids.append(token)
        news = self._news()
        if not news or news.endswith("\ufffd"):
            return ""
        self._start, self._written = self._written, len(self._ids)
        return news

    def rest(self) -> str:
        """What is left when no token follows: of half a character, its replacement."""
        return self._news()

    def _news(self) -> str:
        return self._decode(self._ids[self._start :])[len(self._decode(self._ids[self._start : self._written])) :]

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text


class Stops:
    """Ends a text before the first of some stop strings, however it is cut into pieces."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._held = ""
        self.is_reached = False

    def add(self, text: str) -> str:
        """What can be said: all but what may be a stop string's beginning."""
        held = self._held + text
        places = [place for stop in self._stops if (place := held.find(stop)) >= 0]
        if places:
            self.is_reached = True
            self._held = ""
            return held[: min(places)]
        keep = max((_overlap(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

    def rest(self) -> str:
        """What was held back and turned out to be no stop string."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """The length of the longest beginning of ``stop``, but not all of it, that ``text`` ends with."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size])), 0)
