"""A request's body: a JSON object that holds nothing that a tokenizer or a file system chokes on.

Ours because ``pipeline.strict_json`` is not on this program's path, nor is anything of the project but the trainer.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from .errors import wrong

NO_TEXT = re.compile("[\0\ud800-\udfff]")


def read(data: bytes) -> dict[str, Any]:
    """The object. Raises ApiError (400)."""
    try:
        found = json.loads(data.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise wrong(f"The body is no JSON: {reason}.") from error
    if not isinstance(found, dict):
        raise wrong("The body must be a JSON object.")
    if any(NO_TEXT.search(text) for text in _texts(found)):
        raise wrong("The body holds a NUL character or half a surrogate pair, which is no text.")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
