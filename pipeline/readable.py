"""What no request may hold, whoever reads it: looked at once, before anything else does."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters

from pipeline.errors import refused

FORM = "application/x-www-form-urlencoded"
UTF_8 = frozenset({"", "utf-8", "utf8"})
NUL, NO_UTF_8 = "It holds a NUL character.", "It is not UTF-8."


class Readable:
    """Refuses text that is not UTF-8 or holds a NUL, which PostgreSQL stores nowhere, and codings that nobody undoes.

    Django reads a body and a query in whatever charset the client names, and puts other characters in the place of
    those that it cannot read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Raises Http404, BadRequest."""
        if "\0" in request.path_info:
            raise Http404
        if any("\0" in value for value in request.headers.values()):
            raise BadRequest(f"A header cannot be read. {NUL}")
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if _is_sound(value)}
        if wrong := _not_taken(request):
            return refused(request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, wrong)
        _require_text(request.META.get("QUERY_STRING", "").encode("latin-1"), request.GET, "The address")
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """The form, which is read next for its CSRF token, unless its view says how. Raises BadRequest."""
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            sent = request.body if request.content_type == FORM else b""
            _require_text(sent, request.POST, "The form")


def _is_sound(cookie: str) -> bool:
    """Cookies in quotes can spell any byte. What spells a NUL is none of ours, and as if it had not been sent."""
    return "\0" not in cookie


def _not_taken(request: HttpRequest) -> str:
    """Why the body cannot be read; nothing where it can."""
    coding = request.headers.get("Content-Encoding", "identity").lower()
    if coding not in ("", "identity"):
        return "Bodies are taken as they are, without a Content-Encoding."
    _, about = parse_header_parameters(request.headers.get("Content-Type", ""))
    charset = about.get("charset", "")
    return "" if charset.lower() in UTF_8 else "Text is taken in UTF-8 alone. Send it so, or name no charset."


def _require_text(sent: bytes, found: Any, what: str) -> None:
    """Raises BadRequest, naming the field."""
    for name, values in found.lists():
        if "\0" in name or any("\0" in value for value in values):
            raise BadRequest(f"{what} cannot be read. {NUL}", {_shown(name): [NUL]})
    try:
        unquote_to_bytes(sent.replace(b"+", b" ")).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"{what} cannot be read. {NO_UTF_8}") from error


def _shown(name: str) -> str:
    return name.replace("\0", "")[:100]
