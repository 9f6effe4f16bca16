"""/metrics, for Prometheus."""

import secrets

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

registry = CollectorRegistry()
"""Apps register their collectors here."""


@require_GET
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """All metrics, for whoever sends PIPELINE_METRICS_TOKEN as a bearer token, and for staff who are signed in.

    Nobody is let in by address: behind a proxy on the same host, everybody comes from 127.0.0.1.
    """
    if not (_has_token(request) or (request.user.is_active and request.user.is_staff)):
        return HttpResponse(
            "Send the token of PIPELINE_METRICS_TOKEN (Authorization: Bearer …), or sign in as staff.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(registry), content_type=content_type)
    except DatabaseError as error:
        return HttpResponse(f"The database does not answer: {error}\n", status=503, content_type="text/plain")


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and scheme.lower() == "bearer" and secrets.compare_digest(token.encode(), wanted.encode())
