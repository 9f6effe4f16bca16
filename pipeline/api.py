"""The JSON API's conventions: one envelope for success, one for failure.

Success: ``{"success": true, "data": …}``. Failure: ``{"error": "…", "details": …}``, where the details of a
validation error map a dotted field path to a list of messages.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, parsers, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

logger = logging.getLogger(__name__)


class JSONParser(parsers.JSONParser):
    """JSON, refusing what is nested deeper than Python reads instead of failing on it."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError("JSON parse error - nested too deeply") from error


def success(data: object, *, status: int = status.HTTP_200_OK, headers: Mapping[str, str] | None = None) -> Response:
    return Response({"success": True, "data": data}, status=status, headers=headers)


def flatten(detail: Any, path: str = "") -> dict[str, list[str]]:
    """DRF's nested error detail as ``{"gpu_config.count": ["…"]}``; errors of no field stand under ``""``."""
    if isinstance(detail, Mapping):
        flat: dict[str, list[str]] = {}
        for key, value in detail.items():
            step = "" if key == "non_field_errors" else str(key)
            flat |= flatten(value, ".".join(part for part in (path, step) if part))
        return flat
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        return {path: [str(message) for message in detail]}
    return {path: [str(detail)]}


class Problem(exceptions.APIException):
    """A refusal with the specification's own words: ``error`` and, where there is more to say, ``details``.

    ``wait``: seconds after which the same request may succeed, for the header ``Retry-After``.
    """

    def __init__(
        self, error: str, details: object = None, *, status: int = status.HTTP_400_BAD_REQUEST, wait: int | None = None
    ) -> None:
        super().__init__(error)
        self.status_code = status
        self.details = details
        self.wait = wait


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Turn any exception of an API view into the failure envelope; what was not foreseen is logged, and a 500."""
    set_rollback()
    headers: dict[str, str] = {}
    match error:
        case Http404():
            error = exceptions.NotFound(str(error) or None)
        case PermissionDenied():
            error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        logger.exception("Unexpected error in %s", context["request"].path, exc_info=error)
        message = "Something went wrong on our side. It has been logged; please try again."
        return Response({"error": message, "details": None}, status=status.HTTP_500_INTERNAL_SERVER_ERROR)
    if authenticate := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(error, exceptions.ValidationError):
        body: dict[str, object] = {"error": "Validation error", "details": flatten(error.detail)}
    elif isinstance(error, Problem):
        body = {"error": str(error.detail), "details": error.details}
    else:
        body = {"error": str(error.detail), "details": None}
    return Response(body, status=error.status_code, headers=headers)
