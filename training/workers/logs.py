"""What is logged about a job carries its number."""

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars

from training.models import TrainingJob


@contextmanager
def job_logging(job: TrainingJob) -> Iterator[None]:
    """Adds ``job`` and ``attempt`` to every line that this thread logs inside."""
    with bound_contextvars(job=str(job.pk), attempt=job.attempt):
        yield
