"""What the front does not take in, the application refuses all the same: in its words, with its headers, logged."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat

from pipeline.errors import refused
from pipeline.outages import NO_ROOM, NO_WRITING
from pipeline.serving.limits import ANYBODY_BYTES

REFUSED = "pipeline.refused"
"""Key of the WSGI environment: the status with which the front refuses the request."""

WORDS = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"The request is larger than this address takes: "
    f"{filesizeformat(ANYBODY_BYTES)} from who has not signed in, "
    f"{filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)} from who has.",
    HTTPStatus.REQUEST_TIMEOUT: "The rest of the request did not come. Send it again.",
    HTTPStatus.BAD_REQUEST: "The request broke off, or its body is not written as HTTP wants it.",
    **{out.status: out.words for out in (NO_ROOM, NO_WRITING)},
}


class Refusals:
    """Answers in the place of what the front has refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        status = request.META.get(REFUSED)
        return refused(request, status, WORDS[status]) if status else self._get_response(request)
