"""Fields of the JSON API that take JSON's own types, and nothing that merely looks like them."""

import math
from typing import Any

from rest_framework import serializers

from training.core import budget
from training.core.hyperparameters import Limit

LARGEST_QUOTE = 10**15
"""US dollars."""


class StrictInteger(serializers.IntegerField):
    """A JSON number without a fraction: neither "8" nor true is one."""

    def to_internal_value(self, data: Any) -> int:
        """Raises ValidationError."""
        is_whole = isinstance(data, int) or (isinstance(data, float) and data.is_integer())
        if isinstance(data, bool) or not is_whole:
            self.fail("invalid")
        return int(data)


class StrictNumber(serializers.FloatField):
    """A finite JSON number: neither "0.1" nor true is one."""

    def to_internal_value(self, data: Any) -> int | float:
        """Raises ValidationError."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        if isinstance(data, float) and not math.isfinite(data):
            self.fail("invalid")
        return data


class StrictBoolean(serializers.BooleanField):
    """JSON's true or false: neither "yes" nor 1 is one."""

    def to_internal_value(self, data: Any) -> bool:
        """Raises ValidationError."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class CatalogueField(serializers.SlugRelatedField[Any]):
    """The name of a row of a catalogue."""

    def to_internal_value(self, data: Any) -> Any:
        """Raises ValidationError."""
        if not isinstance(data, str) or "\0" in data:
            self.fail("invalid")
        return super().to_internal_value(data)


def hyperparameter_field(limit: Limit) -> serializers.Field[Any, Any, Any, Any]:
    """The API field of one hyperparameter."""
    options: dict[str, Any] = {
        "required": not limit.is_optional,
        "error_messages": {"min_value": limit.message, "max_value": limit.message},
    }
    if limit.is_integer:
        return StrictInteger(min_value=int(limit.minimum), max_value=int(limit.maximum), **options)
    return StrictNumber(min_value=limit.minimum, max_value=limit.maximum, **options)


def budget_field() -> serializers.Field[Any, Any, Any, Any]:
    """US dollars that a job may cost at most."""
    return StrictNumber(
        min_value=float(budget.LOWEST),
        max_value=LARGEST_QUOTE,
        required=False,
        allow_null=True,
        error_messages={"min_value": budget.TOO_LOW},
    )
