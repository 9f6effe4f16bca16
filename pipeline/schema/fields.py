"""Fields of answers whose content a serializer alone does not know."""

from typing import Any

from rest_framework import serializers

from pipeline.schema.components import Schema


class StoredJSON(serializers.JSONField):
    """JSON as it is stored, shown as it is; ``shape`` says what it looks like: a serializer or a schema."""

    def __init__(self, shape: type[serializers.Serializer[Any]] | Schema, **options: Any) -> None:
        super().__init__(**options | {"read_only": True})
        self.shape = shape


COUNTS: Schema = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
"""How many of each."""
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
