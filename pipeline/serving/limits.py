"""How much a visitor may send to an address."""

import io
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import close_old_connections
from django.http import HttpResponse
from django.urls import Resolver404, resolve
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from pipeline.handler import Utf8Request
from pipeline.http import FORM_OVERHEAD_BYTES

ANYBODY_BYTES = 64 * 1024
"""From who has not signed in: thousands of connections at once must not fill memory or disk."""


def allowance(environ: dict[str, Any]) -> int:
    """Bytes that may come; in a thread of the application, for it may ask the database."""
    request = Utf8Request(environ | {"CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO()})
    close_old_connections()
    try:
        if not is_signed_in(request):
            return ANYBODY_BYTES
    finally:
        close_old_connections()
    if takes_files(request.path_info):
        return int(settings.DATASET_MAX_BYTES) + FORM_OVERHEAD_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def takes_files(path: str) -> bool:
    """The view at this address has been marked as one that takes files."""
    try:
        view = resolve(path).func
    except Resolver404:
        return False
    return bool(getattr(getattr(view, "cls", view), "takes_files", False))


def is_signed_in(request: Utf8Request) -> bool:
    """By session or by token, without a look at the body."""
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    if get_user(request).is_authenticated:
        return True
    ways = (way for way in APIView().get_authenticators() if not isinstance(way, SessionAuthentication))
    try:
        return any(way.authenticate(Request(request)) for way in ways)
    except APIException:
        return False
