"""What the time of a request goes into: the stack is looked at every millisecond of the processor's time.

In this process, through the whole of the application as a web server calls it, without a network between. A part's
share are the samples whose stack is in it; of parts within others, the outermost counts, and how much of it is the
database's share (ORM, driver, waiting for PostgreSQL left out) stands beside it.
"""

import io
import itertools
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.core.wsgi import get_wsgi_application
from django.db import connection

from benchmarks.throughput_scene import Asked

EVERY_SECONDS = 0.001
PARTS: dict[str, tuple[str, ...]] = {
    "token": ("knox/auth.py", "accounts/authentication.py"),
    "throttling": ("rest_framework/throttling.py", "accounts/throttling.py"),
    "session and user": ("contrib/sessions/", "contrib/auth/__init__.py", "contrib/auth/middleware.py"),
    "validation": (
        "rest_framework/serializers.py", "training/web/requests.py", "django/forms/forms.py", "web/forms/configure.py",
        "rest_framework/parsers.py", "rest_framework/request.py:_load_data",
    ),
    "rendering": (
        "django/template/", "rest_framework/renderers.py", "training/web/answers.py", "training/web/choices.py",
        "training/web/memory_bar.py",
    ),
    "compression": ("django/middleware/gzip.py", "/gzip.py"),
    "data set and its check": ("training/web/data_fits.py", "datasets/web/api/access.py", "configure.py:_dataset_for"),
    "whereabouts of the model": ("training/jobs/base_models.py",),
    "measured runs": ("training/estimates/past_runs.py", "core/beliefs.py", "core/learning.py"),
    "the estimate's own": ("training/estimates/", "training/core/"),
    "between requests": ("django/db/__init__.py",),
}  # fmt: skip
"""By name, what a file's path ends with, or has in it; ``file:function`` for one function."""
DATABASE = ("django/db/", "psycopg")
REST = "middleware, views, the rest"


def profile(requests: dict[str, list[Asked]], times: int) -> None:
    """Print a table of each request's parts."""
    application = get_wsgi_application()
    for name, asked in requests.items():
        turns = itertools.cycle(asked)
        for _ in range(20):
            answer(application, next(turns))
        samples: Counter[tuple[str, bool]] = Counter()
        queries: Counter[str] = Counter()
        with counted(queries):
            answer(application, next(turns))
        began, cpu = time.perf_counter(), time.process_time()
        with sampled(samples):
            for _ in range(times):
                answer(application, next(turns))
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        show(name, samples, queries, cpu / times * 1000, wall / times * 1000)


def show(name: str, samples: Counter[tuple[str, bool]], queries: Counter[str], cpu: float, wall: float) -> None:
    total = sum(samples.values()) or 1
    print(f"\n{name}: {cpu:.2f} ms of the processor ({wall:.2f} ms on the clock), {sum(queries.values())} queries")
    print(f"  {'part':28}{'ms':>7}{'of it database':>16}{'queries':>9}")
    for part in [*PARTS, REST]:
        in_part, in_database = (samples[part, False] + samples[part, True]), samples[part, True]
        if in_part or queries[part]:
            each = cpu / total
            print(f"  {part:28}{in_part * each:7.2f}{in_database * each:16.2f}{queries[part]:9}", flush=True)


def answer(application: Callable[..., Iterable[bytes]], asked: Asked) -> None:
    """As a web server has it answered."""
    url = urlsplit(asked.path)
    environment: dict[str, Any] = {
        "REQUEST_METHOD": asked.method, "PATH_INFO": url.path, "QUERY_STRING": url.query, "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(asked.body)), "wsgi.input": io.BytesIO(asked.body), "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr, "HTTP_ACCEPT_ENCODING": "gzip",
    }  # fmt: skip
    for header, value in asked.headers.items():
        key = header.upper().replace("-", "_")
        environment[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    status: list[str] = []
    response = application(environment, lambda line, _headers: status.append(line))
    b"".join(response)
    response.close()  # type: ignore[attr-defined]
    assert status[0].startswith("200"), status


@contextmanager
def sampled(samples: Counter[tuple[str, bool]]) -> Iterator[None]:
    """Count the stack of every millisecond."""

    def look(_: int, frame: FrameType | None) -> None:
        samples[place(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def counted(queries: Counter[str]) -> Iterator[None]:
    """Count what the database is asked, by part."""

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        queries[place(sys._getframe())[0]] += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield


def place(frame: FrameType | None) -> tuple[str, bool]:
    """The part that a stack is in, and whether it is in the database's layer."""
    part, in_database = REST, False
    while frame is not None:
        file, function = frame.f_code.co_filename, frame.f_code.co_name
        in_database = in_database or any(one in file for one in DATABASE)
        part = part_of(file, function) or part  # further out wins
        frame = frame.f_back
    return part, in_database


def part_of(file: str, function: str) -> str:
    for part, places in PARTS.items():
        for one in places:
            path, _, wanted = one.partition(":")
            if path in file and wanted in ("", function):
                return part
    return ""
