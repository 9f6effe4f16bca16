"""What is done to every answer: text is compressed, none is empty, and a fragment never shows the page to sign in."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

from pipeline.errors import refused

COMPRESSED = ("text/html", "application/json", "text/csv")


class CompressText(GZipMiddleware):
    """Compresses pages and JSON; files go out as they are, with their length."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Django's own way, random padding against BREACH included."""
        if response.headers.get("Content-Type", "").startswith(COMPRESSED) and not response.streaming:
            return super().process_response(request, response)
        return response


class MethodInWords:
    """A page that is asked for by a method that it does not have says so; Django's own answer is empty."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        words = f"This address takes {response.headers.get('Allow', 'no such method')}, and not {request.method}."
        said = refused(request, HTTPStatus.METHOD_NOT_ALLOWED, words)
        said.headers["Allow"] = response.headers.get("Allow", "")
        return said


class SignInAsPage:
    """A fragment that is asked for after the session has ended sends the whole page to sign in, and back to itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._login_url = resolve_url(settings.LOGIN_URL)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        htmx = getattr(request, "htmx", None)
        if htmx and not htmx.boosted and urlsplit(response.headers.get("Location", "")).path == self._login_url:
            back = redirect_to_login(htmx.current_url_abs_path or "/", self._login_url)
            return HttpResponseClientRedirect(back.headers["Location"])
        return response
