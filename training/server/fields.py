"""Fields of a body, by JSON's own types: ``true`` is no number, and ``"1"`` is none."""

import math
from typing import Any

from .errors import wrong

LONGEST_WHOLE = 2**63
"""What a seed may be: a signed integer of 64 bits, as OpenAI's API has it."""


def text(body: dict[str, Any], name: str) -> str:
    """A text that must be there and not be empty. Raises ApiError."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise wrong(f"“{name}” must be a text that is not empty.", name)
    return value


def flag(body: dict[str, Any], name: str) -> bool:
    """``true`` or ``false``, which it is where it is missing. Raises ApiError."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise wrong(f"“{name}” must be true or false.", name)
    return bool(value)


def number(body: dict[str, Any], name: str, *, least: float, most: float, default: float) -> float:
    """A number within limits. Raises ApiError."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise wrong(f"“{name}” must be a number from {least:g} to {most:g}.", name)
    return float(value)


def whole(body: dict[str, Any], name: str, *, least: int) -> int | None:
    """A whole number, or ``None`` where it is missing. Raises ApiError."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < LONGEST_WHOLE:
        raise wrong(f"“{name}” must be a whole number of at least {least}, in 64 bits.", name)
    return value
