"""Why a request to OpenAI's API is not answered, in the shape that its clients read. Pure."""

from http import HTTPStatus
from typing import Any

TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


class ApiError(Exception):
    """Says what is wrong and what to do; ``param`` names the field, ``code`` is for machines."""

    def __init__(self, message: str, *, status: HTTPStatus, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code

    @property
    def body(self) -> dict[str, Any]:
        """As JSON."""
        about = {"message": str(self), "type": self._type, "param": self.param, "code": self.code}
        return {"error": about}

    @property
    def _type(self) -> str:
        by_class = "server_error" if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
        return TYPES.get(self.status, by_class)
