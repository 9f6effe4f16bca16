"""What people and scripts do with jobs that are there: cancel, retry, requeue them."""

from decimal import Decimal
from functools import partial

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from pipeline.accounts import quotas
from training.core import status
from training.core.budget import STORAGE
from training.core.lease import lease_seconds
from training.jobs import lifecycle
from training.jobs.data import require_trainable
from training.jobs.notices import BUDGET_REACHED
from training.jobs.nudges import nudge
from training.models import TrainingJob


class JobRefused(Exception):
    """What was asked for cannot be done with the job as it stands; the message says why and what can."""


def job_cancel(*, job: TrainingJob, user: AbstractBaseUser) -> None:
    """Cancel now, or as soon as the worker sees it. Raises JobRefused when the job is already over."""
    if not lifecycle.request_cancel(job, actor=user):
        raise JobRefused(f"The job is already {job.status}")


def job_retry(*, job: TrainingJob, user: AbstractBaseUser, max_cost: Decimal | None = None) -> None:
    """Queue a failed or cancelled job again, from its last checkpoint; ``max_cost`` replaces its budget.

    Raises JobRefused when it is not over, when nothing is left to do, or when its budget is spent;
    DatasetNotReady, QuotaExceeded.
    """
    if job.status == status.COMPLETED:
        raise JobRefused("The job is completed: there is nothing left to do. Start a new job to train further.")
    if job.is_active:
        raise JobRefused(f"The job is {job.status}: it can be retried once it has failed or was cancelled.")
    require_trainable(job.dataset)
    budget = job.max_cost if max_cost is None else max_cost
    spent = job.current_cost + STORAGE
    if budget is not None and (budget <= spent or (job.error_code == BUDGET_REACHED and max_cost is None)):
        raise JobRefused(
            f"The job's budget is spent: ${spent:.2f} with storage, of ${budget:.2f}. Give a higher max_cost to go on."
        )
    with transaction.atomic():
        quotas.require(job.user, waiting_jobs=1)
        if not lifecycle.retry(job, actor=user, max_cost=budget):
            raise JobRefused(f"The job is {job.status} by now.")
        transaction.on_commit(partial(nudge, job))


def job_requeue(*, job: TrainingJob, user: AbstractBaseUser) -> None:
    """Take a job from its worker, for another attempt to continue it. Raises JobRefused when no worker has it."""
    delay = lease_seconds(settings.WORKER_SILENCE_SECONDS)
    if not lifecycle.take_away(job, actor=user.get_username(), delay=delay):
        raise JobRefused(f"The job is {job.get_status_display().lower()}: no worker is at it.")
