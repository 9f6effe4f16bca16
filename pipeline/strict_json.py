"""JSON as it is taken from outside: what every reader understands alike, and the database can store.

Refused besides what is no JSON: keys that stand twice, NaN and infinite numbers, nesting deeper than anybody means,
and text with a NUL or half a surrogate pair.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

DEEPEST = 32
"""Objects and lists within one another."""
NO_TEXT = re.compile("[\0\ud800-\udfff]")
NOT_STORABLE = "Holds a NUL character or half a surrogate pair."
TOO_DEEP = f"Nested more than {DEEPEST} deep."


class UnusableText(json.JSONDecodeError):
    """It is JSON, but holds text that nothing can store; ``place`` is where, dotted."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(NOT_STORABLE, text, 0)
        self.place = place


class StrictDecoder(json.JSONDecoder):
    """For ``json.loads(text, cls=StrictDecoder)``. Raises JSONDecodeError, whatever it was."""

    def __init__(self) -> None:
        super().__init__(parse_float=_finite, parse_constant=_no_number, object_pairs_hook=_object)

    def decode(self, s: str, *args: Any) -> Any:
        try:
            value = super().decode(s, *args)
        except json.JSONDecodeError:
            raise
        except RecursionError as error:
            raise json.JSONDecodeError(TOO_DEEP, s, 0) from error
        except ValueError as error:  # of a hook, or a number with more digits than Python reads
            raise json.JSONDecodeError(str(error), s, 0) from error
        for place, depth, text in _texts(value):
            if depth > DEEPEST:
                raise json.JSONDecodeError(TOO_DEEP, s, 0)
            if NO_TEXT.search(text):
                raise UnusableText(place, s)
        return value


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"The key {json.dumps(key[:40])} stands twice in one object")
        found[key] = value
    return found


def _texts(value: Any) -> Iterator[tuple[str, int, str]]:
    """Each text with its place and depth, keys included, and nothing for each container; without recursion."""
    waiting: list[tuple[str, int, Any]] = [("", 0, value)]
    while waiting:
        place, depth, value = waiting.pop()
        if isinstance(value, str):
            yield place, depth, value
            continue
        if not isinstance(value, dict | list):
            continue
        yield place, depth + 1, ""
        if isinstance(value, dict):
            yield from ((place, depth + 1, key) for key in value)
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        waiting += [(f"{place}.{key}".strip("."), depth + 1, entry) for key, entry in entries]
