"""Why there is no answer, in the shape that OpenAI's clients read."""

import json
from http import HTTPStatus
from typing import Any

TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


def error(message: str, *, status: int, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """``{"error": …}``: ``code`` is for machines, ``param`` names the field that is wrong."""
    by_class = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    kind = TYPES.get(HTTPStatus(status), by_class)
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def encoded(message: str, *, status: int, code: str | None = None) -> bytes:
    """The same as JSON in one line."""
    return json.dumps(error(message, status=status, code=code)).encode()
