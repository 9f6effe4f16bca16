"""What people and scripts do with training jobs: price them, start them, cancel them, retry them."""

from decimal import Decimal
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from datasets.models import Dataset
from training import job_data, lifecycle, supervisor, tasks
from training.core import status
from training.core.budget import STORAGE
from training.core.estimate import DatasetFigures, Estimate, cents, estimate
from training.core.hyperparameters import Hyperparameters
from training.models import BaseModel, GpuType, TrainingJob


class DatasetNotReady(Exception):
    """A job was asked for on a data set that cannot be trained on; the message says what it lacks."""


class NoBaseModel(Exception):
    """No base model is on offer."""


class JobRefused(Exception):
    """What was asked for cannot be done with the job as it stands; the message says why and what can."""


def job_estimate(*, dataset: Dataset, gpu_type: GpuType, gpu_count: int, batch_size: int, epochs: int) -> Estimate:
    """What a job would cost and how long it would take."""
    figures = DatasetFigures(pairs=dataset.total_training_pairs, tokens=dataset.total_tokens)
    return estimate(figures, gpu_type.hardware(gpu_count), batch_size=batch_size, epochs=epochs)


def job_submit(
    *,
    user: AbstractBaseUser,
    dataset: Dataset,
    preset_id: str,
    gpu_type: GpuType,
    gpu_count: int,
    hyperparameters: Hyperparameters,
    base_model: BaseModel | None = None,
    quoted_cost: Decimal | None = None,
    max_cost: Decimal | None = None,
) -> TrainingJob:
    """Create a queued job and, once it is committed, tell the workers.

    Without a base model, the default one. ``max_cost``: the run stops itself before it costs more (US dollars).
    Raises DatasetNotReady or NoBaseModel.
    """
    _require_trainable(dataset)
    base_model = base_model or BaseModel.objects.filter(is_active=True, is_default=True).first()
    if base_model is None:
        raise NoBaseModel("No base model is on offer. Mark one as active and default in the admin.")
    price = job_estimate(
        dataset=dataset,
        gpu_type=gpu_type,
        gpu_count=gpu_count,
        batch_size=hyperparameters.batch_size,
        epochs=hyperparameters.epochs,
    )
    job = TrainingJob(
        user_id=user.pk,
        dataset=dataset,
        base_model=base_model,
        preset_id=preset_id,
        gpu_config={"type": gpu_type.name, "count": gpu_count},
        hyperparameters=hyperparameters.to_dict(),
        total_epochs=hyperparameters.epochs,
        total_steps=price.total_steps,
        hourly_rate=cents(price.hourly_rate),
        estimated_total_cost=cents(price.total_cost),
        quoted_cost=quoted_cost,
        **job_data.chosen_for(dataset),
        max_cost=max_cost,
    )
    with transaction.atomic():
        lifecycle.create(job, actor=user)
        transaction.on_commit(partial(tasks.nudge, job))
    return job


def quote_differs(job: TrainingJob) -> bool:
    """Whether the client was shown a price more than a cent off the job's."""
    return job.quoted_cost is not None and abs(job.quoted_cost - job.estimated_total_cost) > Decimal("0.01")


def job_cancel(*, job: TrainingJob, user: AbstractBaseUser) -> None:
    """Cancel now, or as soon as the worker sees it. Raises JobRefused when the job is already over."""
    if not lifecycle.request_cancel(job, actor=user):
        raise JobRefused(f"The job is already {job.status}")


def job_retry(*, job: TrainingJob, user: AbstractBaseUser, max_cost: Decimal | None = None) -> None:
    """Queue a failed or cancelled job again, from its last checkpoint; ``max_cost`` replaces its budget.

    Raises JobRefused when it is not over, when nothing is left to do, or when its budget is spent, and
    DatasetNotReady.
    """
    if job.status == status.COMPLETED:
        raise JobRefused("The job is completed: there is nothing left to do. Start a new job to train further.")
    if job.is_active:
        raise JobRefused(f"The job is {job.status}: it can be retried once it has failed or was cancelled.")
    _require_trainable(job.dataset)
    budget = job.max_cost if max_cost is None else max_cost
    spent = job.current_cost + STORAGE
    if budget is not None and (budget <= spent or (job.error_code == lifecycle.BUDGET_REACHED and max_cost is None)):
        raise JobRefused(
            f"The job's budget is spent: ${spent:.2f} with storage, of ${budget:.2f}. Give a higher max_cost to go on."
        )
    with transaction.atomic():
        if not lifecycle.retry(job, actor=user, max_cost=budget):
            raise JobRefused(f"The job is {job.status} by now.")
        transaction.on_commit(partial(tasks.nudge, job))


def job_requeue(*, job: TrainingJob, user: AbstractBaseUser) -> None:
    """Take a job from its worker, for another attempt to continue it. Raises JobRefused when no worker has it."""
    delay = supervisor.lease_seconds()
    if not lifecycle.take_away(job, actor=user.get_username(), delay=delay):
        raise JobRefused(f"The job is {job.get_status_display().lower()}: no worker is at it.")


def _require_trainable(dataset: Dataset) -> None:
    if not dataset.is_trainable:
        raise DatasetNotReady(
            "Dataset must have status='ready' and training_ready=true. "
            f"Current: status='{dataset.status}', training_ready={str(dataset.training_ready).lower()}"
        )
