"""The JSON API's conventions: one envelope for success, one for failure.

Success: ``{"success": true, "data": …}``. Failure: ``{"error": "…", "details": …}``, where the details of a
validation error map a dotted field path to a list of messages.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions, negotiation, parsers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from pipeline.accounts.quotas import QuotaExceeded
from pipeline.errors import BROKEN, reason
from pipeline.outages import outage
from pipeline.strict_json import StrictDecoder, UnusableText

logger = logging.getLogger(__name__)


class JSONParser(parsers.JSONParser):
    """JSON in UTF-8, by the rules of ``strict_json``: what it refuses is refused at its place."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Raises ParseError, ValidationError."""
        try:
            return json.loads(stream.read().decode(), cls=StrictDecoder)
        except UnusableText as error:
            raise exceptions.ValidationError({error.place: [error.msg]}) from error
        except UnicodeDecodeError as error:
            raise exceptions.ParseError("JSON parse error - the body is not UTF-8") from error
        except json.JSONDecodeError as error:
            raise exceptions.ParseError(f"JSON parse error - {error}") from error


class Negotiation(negotiation.DefaultContentNegotiation):
    """What a client would rather have, where there is a choice; what there is, where there is none.

    A script that takes an adapter and asks for ``application/zip`` gets it, and errors as JSON.
    """

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except exceptions.NotAcceptable:
            return renderers[0], renderers[0].media_type


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
    context["request"].accepted_renderer = JSONRenderer()  # also where the answer would have been something else
    context["request"].accepted_media_type = JSONRenderer.media_type
    headers: dict[str, str] = {}
    match error:
        case Http404():
            error = exceptions.NotFound(str(error) or None)
        case PermissionDenied():
            error = exceptions.PermissionDenied()
        case SuspiciousOperation() | BadRequest():
            status_code, words, details = reason(error)
            error = Problem(words, details, status=status_code)
        case QuotaExceeded():
            error = Problem("Quota exceeded", str(error), status=status.HTTP_409_CONFLICT)
    if found := outage(error):
        logger.error("%s: %s", context["request"].path, error)
        error = Problem(found.words, status=found.status, wait=found.retry_after)
    if not isinstance(error, exceptions.APIException):
        logger.exception("Unexpected error in %s", context["request"].path, exc_info=error)
        return Response({"error": BROKEN, "details": None}, status=status.HTTP_500_INTERNAL_SERVER_ERROR)
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
