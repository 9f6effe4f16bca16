"""JSON text to values, noticing keys that stand twice in an object. Pure."""

import json
from collections import Counter
from functools import partial
from typing import Any

NOT_USABLE = "Not usable JSON: nested too deeply, or a number with too many digits."


def decoder(repeated: list[str]) -> json.JSONDecoder:
    """A decoder that puts into ``repeated`` each key that stands twice in one object, whose last value counts."""
    return json.JSONDecoder(object_pairs_hook=partial(_object, repeated))


def _object(repeated: list[str], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated += [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    return found
