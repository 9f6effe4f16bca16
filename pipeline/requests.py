"""The request log, and the name that a request has in it.

Own code rather than django-structlog's middleware: one line a request and not two, never the query string, which may
be private, and no name from outside that could forge a line.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import bound_contextvars

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
ACCEPTABLE = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class RequestLog:
    """Binds ``request_id`` to all that is logged while a request is answered, returns it in ``X-Request-ID``, and
    writes one line about the request: method, path (no query, which may be private), status, duration, user.

    A proxy's own ``X-Request-ID`` is kept. What fails (5xx) is a warning, the rest information.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        request_id = given if ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
        begin = time.perf_counter()
        with bound_contextvars(request_id=request_id):
            response = self._get_response(request)
            self._log(request, response, seconds=time.perf_counter() - begin)
        response.headers[HEADER] = request_id
        return response

    def _log(self, request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
        level = logging.WARNING if response.status_code >= 500 else logging.INFO
        if not logger.isEnabledFor(level):
            return
        fields = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 1),
            "user": _username(request),
        }
        logger.log(level, "request", extra=fields)


def _username(request: HttpRequest) -> str | None:
    """Who asked, where that was found out; a request that failed on the way to it has no ``user``."""
    user = getattr(request, "user", None)
    return user.get_username() if user is not None and user.is_authenticated else None
