"""Probes for load balancers and supervisors: is the process alive, and can it do its work?"""

import logging
from collections.abc import Callable
from functools import cache

import psycopg
import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2
"""For each of the database and the broker. A probe that waits longer tells nothing more."""

OK = "ok"


class Probes:
    """Answers /healthz and /readyz before anything else, so that a probe by bare address needs no allowed host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match request.path:
            case "/healthz":
                return healthz()
            case "/readyz":
                return readyz()
        return self._get_response(request)


def healthz() -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})


def readyz() -> JsonResponse:
    """200 when requests can be served and jobs be sent, else 503; says which part fails, and the log says why."""
    checks = database() | {"broker": broker()}
    ready = all(state == OK for state in checks.values())
    return JsonResponse(
        {"ready": ready, "checks": checks}, status=200 if ready else 503, headers={"Cache-Control": "no-store"}
    )


def database() -> dict[str, str]:
    """Whether a new connection answers, and whether every migration that this code brings has been applied."""
    parameters = connection.get_connection_params() | {
        "connect_timeout": PATIENCE_SECONDS,
        "tcp_user_timeout": PATIENCE_SECONDS * 1000,
        "options": f"-c statement_timeout={PATIENCE_SECONDS}s",
    }
    try:
        with psycopg.connect(**parameters) as fresh:
            applied = set(fresh.execute("SELECT app, name FROM django_migrations").fetchall())
    except psycopg.errors.UndefinedTable:
        applied = set()
    except psycopg.Error as error:
        logger.warning("Not ready: the database does not answer: %s", error)
        return {"database": "does not answer", "migrations": "unknown"}
    missing = sorted(f"{app}.{name}" for app, name in brought_migrations() - applied)
    return {"database": OK, "migrations": f"not applied: {', '.join(missing)}" if missing else OK}


@cache
def brought_migrations() -> frozenset[tuple[str, str]]:
    """App and name of each migration in the code; the code of a process does not change."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)


def broker() -> str:
    if problem := broker_problem():
        logger.warning("Not ready: the broker does not answer: %s", problem)
        return "does not answer"
    return OK


def broker_problem() -> Exception | None:
    """Why the broker does not answer, asked once."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://", 1)  # Kombu's word for it, and redis-py's
    try:
        with redis.Redis.from_url(
            url,
            socket_connect_timeout=PATIENCE_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:  # a ValueError is about the URL
        return error
    return None
