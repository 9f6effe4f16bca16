"""What is answered when a request cannot be: the shape that OpenAI's clients read."""

from http import HTTPStatus
from typing import Any


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
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return "rate_limit_error"
        return "server_error" if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"


def wrong(message: str, param: str | None = None, *, code: str | None = None) -> ApiError:
    """A request that can be put right (400)."""
    return ApiError(message, status=HTTPStatus.BAD_REQUEST, param=param, code=code)


def unknown(message: str, param: str | None = None, *, code: str | None = None) -> ApiError:
    """What is asked for is not here (404)."""
    return ApiError(message, status=HTTPStatus.NOT_FOUND, param=param, code=code)
