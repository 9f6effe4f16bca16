"""What the log looks like: lines for people, or JSON for machines; both with what is bound to the context.

The code logs through the standard library. ``structlog.contextvars`` holds what a request or a job adds to every
line that is written while it is handled (``request_id``; ``job`` and ``attempt``).
"""

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured
from structlog.typing import Processor

OURS = ("pipeline", "datasets", "training", "notifications")


class OwnExtras(structlog.stdlib.ExtraAdder):
    """What our own code adds to a line. What libraries add (the request with its query, a task's arguments) is not
    ours to write down."""

    def __call__(self, logger: Any, name: str, event_dict: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Only for our own loggers."""
        record: logging.LogRecord | None = event_dict.get("_record")
        if record is not None and record.name.partition(".")[0] in OURS:
            return super().__call__(logger, name, event_dict)
        return event_dict


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    OwnExtras(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


_RENDERERS: dict[str, list[Processor]] = {
    "console": [
        structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, pad_level=False, exception_formatter=structlog.dev.plain_traceback
        )
    ],
    "json": [
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(default=str),
    ],
}


def configuration(*, log_format: str, level: str, requests: bool) -> dict[str, Any]:
    """The value of Django's LOGGING. ``requests``: a line for each request, not only for those that fail.

    Raises ImproperlyConfigured.
    """
    if log_format not in _RENDERERS:
        raise ImproperlyConfigured(f"PIPELINE_LOG_FORMAT is “{log_format}”. Use {' or '.join(_RENDERERS)}.")
    if level not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"PIPELINE_LOG_LEVEL is “{level}”. Use DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_RENDERERS[log_format],
                ],
            }
        },
        "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "loggers": {
            "celery": {"level": "WARNING"},
            "django": {"handlers": []},  # no mail of a failure to ADMINS: it holds the request, query and all
            "django.request": {"level": "ERROR"},  # of what failed; what was refused is in the request log
            "httpx2": {"level": "WARNING"},  # each request to the inference server
            "pipeline.requests": {"level": "INFO" if requests else "WARNING"},
        },
        "root": {"handlers": ["stream"], "level": level},
    }
