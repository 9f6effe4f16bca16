"""What people and scripts do with training jobs: price them, start them, cancel them."""

from decimal import Decimal
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from datasets.models import Dataset
from training import lifecycle, tasks
from training.core.estimate import DatasetFigures, Estimate, cents, estimate
from training.core.hyperparameters import Hyperparameters
from training.models import BaseModel, GpuType, TrainingJob


class DatasetNotReady(Exception):
    """A job was asked for on a data set that cannot be trained on; the message says what it lacks."""


class NoBaseModel(Exception):
    """No base model is on offer."""


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
) -> TrainingJob:
    """Create a queued job and, once it is committed, tell the workers.

    Without a base model, the default one. Raises DatasetNotReady or NoBaseModel.
    """
    if not dataset.is_trainable:
        raise DatasetNotReady(
            "Dataset must have status='ready' and training_ready=true. "
            f"Current: status='{dataset.status}', training_ready={str(dataset.training_ready).lower()}"
        )
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
    )
    with transaction.atomic():
        lifecycle.create(job, actor=user)
        transaction.on_commit(partial(tasks.nudge, job))
    return job


def quote_differs(job: TrainingJob) -> bool:
    """Whether the client was shown a price more than a cent off the job's."""
    return job.quoted_cost is not None and abs(job.quoted_cost - job.estimated_total_cost) > Decimal("0.01")


def job_cancel(*, job: TrainingJob, user: AbstractBaseUser) -> bool:
    """Cancel now, or as soon as the worker sees it; ``False`` when the job is already over."""
    return lifecycle.request_cancel(job, actor=user)
