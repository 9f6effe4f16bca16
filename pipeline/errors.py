"""What is answered where nothing is, a request cannot be read, or something broke: a page, or the API's failure."""

import sys
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from structlog.contextvars import get_contextvars

from pipeline.outages import outage

UNREADABLE = "The server could not read this request."
BROKEN = "Something went wrong on our side. It has been logged; please try again."


def is_for_scripts(request: HttpRequest) -> bool:
    """The answer is to be JSON."""
    return request.path.startswith(("/api/", "/v1/"))


def refused(request: HttpRequest, status: int, error: str, details: object = None) -> HttpResponse:
    """The API's failure, or a page that says the same."""
    if is_for_scripts(request):
        return JsonResponse({"error": error, "details": details}, status=status)
    return render(None, "400.html", {"reason": error}, status=status)  # without the request: it cannot be trusted


def reason(exception: Exception) -> tuple[int, str, object]:
    """Status, words and details of what Django refuses to read."""
    match exception:
        case RequestDataTooBig():
            limit = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The request is larger than the limit of {limit}.", None
        case TooManyFieldsSent():
            words = f"More than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} fields were sent."
        case TooManyFilesSent():
            words = f"More than {settings.DATA_UPLOAD_MAX_NUMBER_FILES:,} files were sent."
        case DisallowedHost():
            words = "The host that the request names is not served here."
        case BadRequest(args=[str() as said, *details]):
            return HTTPStatus.BAD_REQUEST, said, details[0] if details else None
        case _:
            words = UNREADABLE
    return HTTPStatus.BAD_REQUEST, words, None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refused(request, *reason(exception))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_for_scripts(request):
        return refused(request, HTTPStatus.FORBIDDEN, "You do not have permission to perform this action.")
    return render(request, "403.html", status=HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_for_scripts(request):
        return refused(request, HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    return render(request, "404.html", status=HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """Called while the exception is being handled: what will pass is said to pass."""
    found = outage(sys.exception())
    status, words = (found.status, found.words) if found else (HTTPStatus.INTERNAL_SERVER_ERROR, BROKEN)
    headers = {"Retry-After": str(found.retry_after)} if found else {}
    if is_for_scripts(request):
        return JsonResponse({"error": words, "details": None}, status=status, headers=headers)
    context = {"request_id": get_contextvars().get("request_id"), "outage": found}
    page = render(None, "500.html", context, status=status)  # without the request: no query while all may be down
    for name, value in headers.items():
        page.headers[name] = value
    return page
