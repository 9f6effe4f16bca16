"""What becomes of a job whose attempt ended badly: another attempt, or failure."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from training.core.retries import is_worth_retrying, retry_delay
from training.jobs import lifecycle
from training.models import TrainingJob


def end_badly(
    job: TrainingJob, *, code: str, message: str, steps_made: int = 0, actor: str = "", **changes: Any
) -> bool:
    """Back to the queue, after a delay, when another try may end otherwise and one is left; failed when not.

    ``False`` when the job is no longer this attempt's.
    """
    crashes = job.crashes + 1
    if crashes < settings.MAX_ATTEMPTS and is_worth_retrying(code, steps_made=steps_made):
        delay = retry_delay(crashes, first=settings.RETRY_DELAY_SECONDS)
        reason = f"{message} Trying again in {delay:.0f} s (failure {crashes} of {settings.MAX_ATTEMPTS})."
        return lifecycle.release(job, actor=actor, reason=reason, delay=delay, crashes=crashes, **changes)
    return lifecycle.fail(job, code=code, message=message, actor=actor, crashes=crashes, **changes)


def recover(job: TrainingJob, *, silence: timedelta, actor: str) -> bool:
    """Take a job from a worker that fell silent; ``False`` when it was heard of in the meantime."""
    with transaction.atomic():
        if not lifecycle.is_still_silent(job, silence):
            return False
        reason = f"Worker {job.worker} was not heard of since {job.heartbeat_at:%H:%M:%S} UTC."
        if job.cancel_requested_at:
            return lifecycle.cancelled(job, reason=reason, actor=actor)
        if job.crashes + 1 >= settings.MAX_ATTEMPTS:
            reason += (
                f" It was the failure {job.crashes + 1} of this job. Look at the workers' logs (out of memory is the "
                "usual cause), then retry the job: it continues from its last checkpoint."
            )
        return end_badly(job, code="worker_lost", message=reason, actor=actor)
