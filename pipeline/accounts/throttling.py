"""How often who may ask: so many requests in a window of time, for each user and each of their tokens.

Own code rather than DRF's SimpleRateThrottle: that keeps the time of every request in a list, which is read and written
whole each time and loses some under load. Here is one counter a window, which the cache counts up atomically. A cache
that is away counts nothing, and lets everybody pass.
"""

import time
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

API, ESTIMATE, CREATE, UPLOAD = "api", "estimate", "create", "upload"
SIGN_IN, WRONG_TOKEN = "sign_in", "wrong_token"
PERIODS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
View = TypeVar("View", bound=Callable[..., Any])


def parse(rate: str) -> tuple[int, int]:
    """``60/min`` as number and seconds. Raises ValueError."""
    number, _, period = rate.partition("/")
    return int(number), PERIODS[period]


def seconds_to_wait(scope: str, ident: object, *, count: bool = True) -> int:
    """Count a request; 0 if it may pass, else the seconds until the next one may. ``count``: or only look."""
    if not (rate := settings.RATES[scope]):
        return 0
    most, period = parse(rate)
    now = time.time()
    key = f"rate:{scope}:{ident}:{int(now // period)}"
    made = (_count(key, period) if count else (cache.get(key) or 0) + 1) or 0
    return 0 if made <= most else max(1, round(period - now % period))


def _count(key: str, period: int) -> int:
    for _ in range(2):
        try:
            return int(cache.incr(key) or 0)
        except ValueError:  # the window's first, unless another is added meanwhile
            if cache.add(key, 1, timeout=period):
                return 1
    return 1  # that one is lost again: its window was over, or the cache restarted


def address(request: HttpRequest | Request) -> str:
    """Where a request comes from, as far as PIPELINE_PROXIES proxies can be trusted to say; else who is connected."""
    said = str(BaseThrottle().get_ident(cast(Request, request)) or "").strip()
    try:
        return str(ip_address(said.partition("%")[0]))
    except ValueError:  # no address, and nothing that could be kept as one
        return str(request.META.get("REMOTE_ADDR", ""))


class Throttle(BaseThrottle):
    """A view's ``throttle_scopes`` say what its methods count as; whatever else counts as ``api``."""

    def allow_request(self, request: Request, view: Any) -> bool:
        scopes: dict[str, str] = getattr(view, "throttle_scopes", {})
        self._wait = seconds_to_wait(scopes.get(request.method or "", API), self._ident(request))
        return not self._wait

    def wait(self) -> float:
        return self._wait

    def _ident(self, request: Request) -> str:
        """A token of its own, so that a script that runs wild does not lock its owner out of the pages."""
        if request.auth is not None:
            return f"token:{request.auth.pk}"
        return f"user:{request.user.pk}" if request.user.pk else f"address:{address(request)}"


def throttled(scope: str) -> Callable[[View], View]:
    """The same for a form of somebody who is signed in: too many are answered with 429 and a page that says so."""

    def decorate(view: View) -> View:
        @wraps(view)
        def limited(request: Any, *args: Any, **kwargs: Any) -> Any:
            if request.method == "POST" and (wait := seconds_to_wait(scope, f"user:{request.user.pk}")):
                return too_many(request, wait)
            return view(request, *args, **kwargs)

        return cast(View, limited)

    return decorate


def too_many(request: HttpRequest, wait: int) -> HttpResponse:
    """The page of a 429."""
    answer = render(request, "429.html", {"wait": wait}, status=429)
    answer.headers["Retry-After"] = str(wait)
    return answer
