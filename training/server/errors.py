"""The refusals of requests."""

from http import HTTPStatus

from training.core.api_error import ApiError


def wrong(message: str, param: str | None = None, *, code: str | None = None) -> ApiError:
    """A request that can be put right (400)."""
    return ApiError(message, status=HTTPStatus.BAD_REQUEST, param=param, code=code)


def unknown(message: str, param: str | None = None, *, code: str | None = None) -> ApiError:
    """What is asked for is not here (404)."""
    return ApiError(message, status=HTTPStatus.NOT_FOUND, param=param, code=code)
