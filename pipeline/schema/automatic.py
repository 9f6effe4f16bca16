"""How an operation is described: what its view says of it, in the envelopes, and with the failures it can give."""

from copy import deepcopy
from typing import Any

from drf_spectacular.drainage import has_override
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import append_meta, force_instance
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from pipeline.schema import components
from pipeline.schema.components import Schema
from pipeline.schema.fields import StoredJSON

JSON = "application/json"


class Refusal:
    """A failure whose details are, besides what they are everywhere, of these shapes: for ``extend_schema``."""

    def __init__(
        self, description: str, *details: type[serializers.Serializer[Any]], retry_after: bool = False
    ) -> None:
        self.description = description
        self.details = details
        self.retry_after = retry_after


class ApiSchema(AutoSchema):
    """Views name what goes in and out (``extend_schema``); the rest follows from method, address and body."""

    def get_auth(self) -> list[Schema]:
        """By token, or by session."""
        session = [components.SESSION] if self.method in SAFE_METHODS else [components.SESSION, components.CSRF]
        return [{components.TOKEN: []}, {scheme: [] for scheme in session}]

    def _get_parameters(self) -> list[Schema]:
        found: list[Schema] = super()._get_parameters()
        for parameter in found:
            if parameter["in"] == "query" and not parameter.get("required"):
                parameter["allowEmptyValue"] = True  # as if it were left out
        return found

    def _get_response_bodies(self, direction: Any = "response") -> Schema:
        answers = super()._get_response_bodies(direction)
        common = {code: components.ref("responses", name) for code, name in self._failures().items()}
        return dict(sorted((common | answers).items()))

    def _failures(self) -> dict[str, str]:
        """Status -> component, of those that need no saying."""
        found = {
            "400": components.BAD_REQUEST,
            "401": components.UNAUTHORIZED,
            "429": components.TOO_MANY,
            "500": components.SERVER_ERROR,
            "503": components.UNAVAILABLE,
        }
        if self.method not in SAFE_METHODS:
            found["403"] = components.FORBIDDEN
        if "{" in self.path:
            found["404"] = components.NOT_FOUND
        if self.method in ("POST", "PUT", "PATCH") and self.get_request_serializer() is not None:
            found |= {"413": components.TOO_LARGE, "415": components.UNSUPPORTED, "507": components.NO_ROOM}
        return found

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> Schema:
        if isinstance(serializer, Refusal):
            return self._refusal(serializer)
        if isinstance(serializer, str):
            return components.ref("responses", serializer)
        answer: Schema = super()._get_response_for_code(serializer, status_code, media_types, direction)
        if status_code.startswith("2") and JSON in answer.get("content", {}):
            content = answer["content"][JSON]
            content["schema"] = components.success(content["schema"])
        return answer | {"description": answer["description"] or "Success."}

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        if isinstance(field, StoredJSON):
            described = force_instance(field.shape)
            schema = described if isinstance(described, dict) else super()._map_serializer_field(described, direction)
            return append_meta(deepcopy(schema), self._get_serializer_field_meta(field, direction))
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if isinstance(schema, dict):
            schema.pop("x-spec-enum-id", None)  # a mark for a hook that names choices, which nobody needs
            is_text = isinstance(field, serializers.CharField) and not has_override(field, "field")
            if direction == "request" and is_text and not field.allow_blank:
                schema["pattern"] = r"\S"  # spaces around a text are taken away
        return schema

    def _refusal(self, refusal: Refusal) -> Schema:
        shapes = [self.resolve_serializer(shape, "response").ref for shape in refusal.details]
        schema = components.failure(components.ref("schemas", "FieldErrors"), components.TEXT, *shapes)
        answer: Schema = {"description": refusal.description, "content": {JSON: {"schema": schema}}}
        if refusal.retry_after:
            answer["headers"] = {"Retry-After": components.ref("headers", "RetryAfter")}
        return answer
