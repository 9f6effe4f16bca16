"""A job's curves, as its page draws them: what is new since they were asked for, and no more than can be seen."""

from math import ceil
from typing import Any

from django.db.models import F, Q

from training.models import TrainingJob

FIGURES = ("loss", "evaluation_loss", "learning_rate", "tokens_per_second")
MOST_POINTS = 2000
"""Of a run with more steps, every second, third … is sent: a chart has no more pixels. Evaluations are all sent."""


def curves(job: TrainingJob, *, attempt: int = 0, after: int = 0) -> dict[str, Any]:
    """A list per figure, one entry a step.

    Args:
        job: whose curves they are.
        attempt: the job's attempt when the curves were last asked for.
        after: the last step that was sent then. It is sent again: an evaluation may have come since.

    ``from`` says where the answer begins: 0 where all is sent anew, since another attempt went back to its checkpoint.
    """
    begin = after if attempt == job.attempt and after <= job.current_step else 0
    stride = ceil(job.total_steps / MOST_POINTS)
    shown = Q(on_stride=0) | Q(step__in=[1, job.total_steps]) | Q(evaluation_loss__isnull=False)
    rows = (
        job.metrics.annotate(on_stride=F("step") % stride)
        .filter(shown, step__gte=begin, step__lte=job.current_step)
        .order_by("step")
        .values_list("step", *FIGURES)
    )
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in ("step", *FIGURES)]
    return {"attempt": job.attempt, "from": begin, **dict(zip(("steps", *FIGURES), columns, strict=True))}
