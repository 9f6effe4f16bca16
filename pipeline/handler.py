"""Django's WSGI handler, for which no name of a charset is an order to read by it."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """Reads everything as UTF-8. One that names another charset is refused in words (``readable``).

    Django's own looks the name up and decodes the query by it before any middleware is there to answer: a NUL in it,
    or a codec that is no charset, ended in an exception.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Handler(WSGIHandler):
    """The same, of such requests."""

    request_class = Utf8Request
