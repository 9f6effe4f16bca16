"""Fields of the JSON API that take JSON's own types, and nothing that merely looks like them."""

import math
from typing import Any

from rest_framework import serializers


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


class StrictText(serializers.CharField):
    """A JSON string: 5 is none."""

    def to_internal_value(self, data: Any) -> str:
        """Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictId(serializers.UUIDField):
    """A UUID as a JSON string: DRF's own field takes 5 for one, too."""

    def to_internal_value(self, data: Any) -> Any:
        """Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)
