"""What people and scripts do with training jobs: price them, start them, cancel them, retry them."""

from decimal import Decimal
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from datasets.models import Dataset
from training import job_data, lifecycle, supervisor, tasks
from training.core import status
from training.core.budget import STORAGE
from training.core.estimate import cents
from training.core.fitting import Fit, Remedy
from training.core.hyperparameters import Hyperparameters
from training.core.memory import GIB
from training.core.options import RunOptions
from training.core.probe import PROBE_STEPS, probe_cost
from training.estimating import Estimator, RunSettings
from training.models import BaseModel, GpuType, RunPlan, TrainingJob


class DatasetNotReady(Exception):
    """A job was asked for on a data set that cannot be trained on; the message says what it lacks."""


class NoBaseModel(Exception):
    """No base model is on offer."""


class JobRefused(Exception):
    """What was asked for cannot be done with the job as it stands; the message says why and what can."""


class DoesNotFit(Exception):
    """The run is predicted to need more memory than the card has, and nobody has said to start it all the same."""

    def __init__(self, fit: Fit, remedies: list[Remedy]) -> None:
        super().__init__(
            f"Predicted to need {fit.peak / GIB:.1f} GiB on each GPU, and {fit.card.name} has {fit.card.memory_gib:g}. "
            "Choose one of the changes that make it fit, or confirm that it is to start all the same."
        )
        self.fit = fit
        self.remedies = remedies


def default_base_model() -> BaseModel:
    """Raises NoBaseModel."""
    model = BaseModel.objects.filter(is_active=True, is_default=True).first()
    if model is None:
        raise NoBaseModel("No base model is on offer. Mark one as active and default in the admin.")
    return model


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
    options: RunOptions | None = None,
    use_list: bool = False,
    allow_oom: bool = False,
    probe: bool = False,
) -> TrainingJob:
    """Create a queued job and, once it is committed, tell the workers.

    Without a base model, the default one. ``max_cost``: the run stops itself before it costs more (US dollars).
    ``allow_oom``: start although it is predicted not to fit. ``probe``: run a few steps only, to measure.
    Raises DatasetNotReady, NoBaseModel or DoesNotFit.
    """
    _require_trainable(dataset)
    run = RunSettings(
        dataset=dataset,
        base_model=base_model or default_base_model(),
        batch_size=hyperparameters.batch_size,
        epochs=hyperparameters.epochs,
        rank=hyperparameters.rank,
        dropout=hyperparameters.dropout,
        options=options or RunOptions(),
        use_list=use_list,
    )
    estimator = Estimator(run, GpuType.objects.filter(is_active=True))
    fit = estimator.fit(gpu_type, gpu_count)
    if fit and not fit.fits and not allow_oom and not probe:
        raise DoesNotFit(fit, estimator.remedies(gpu_type, gpu_count))
    plan = _plan(estimator, gpu_type, gpu_count, fit, allow_oom=allow_oom, probe=probe)
    price = estimator.forecast(gpu_type, gpu_count).estimate
    steps = min(PROBE_STEPS, price.total_steps) if probe else price.total_steps
    job = TrainingJob(
        user_id=user.pk,
        dataset=dataset,
        base_model=run.base_model,
        preset_id=preset_id,
        gpu_config={"type": gpu_type.name, "count": gpu_count},
        hyperparameters=hyperparameters.to_dict(),
        total_epochs=1 if probe else hyperparameters.epochs,
        total_steps=steps,
        hourly_rate=cents(price.hourly_rate),
        estimated_total_cost=cents(probe_cost(price, plan.overhead_seconds, steps) if probe else price.total_cost),
        quoted_cost=None if probe else quoted_cost,
        **job_data.chosen_for(dataset),
        max_cost=max_cost,
    )
    with transaction.atomic():
        lifecycle.create(job, actor=user)
        plan.job = job
        plan.save(force_insert=True)
        transaction.on_commit(partial(tasks.nudge, job))
    return job


def _plan(
    estimator: Estimator, gpu_type: GpuType, gpu_count: int, fit: Fit | None, *, allow_oom: bool, probe: bool
) -> RunPlan:
    """What is predicted of the run, and the price it is started with, to be kept."""
    run, forecast = estimator.run, estimator.forecast(gpu_type, gpu_count)
    setup = run.setup(gpu_count)
    return RunPlan(
        is_probe=probe,
        **run.options.to_dict(),
        allow_oom=allow_oom,
        price_per_hour=gpu_type.price_per_hour,
        price_as_of=gpu_type.price_as_of,
        basis=forecast.basis,
        basis_runs=forecast.runs,
        total_steps=forecast.estimate.total_steps,
        tokens_per_second=forecast.estimate.tokens_per_second,
        overhead_seconds=forecast.overhead_seconds,
        duration_hours=forecast.estimate.duration_hours,
        low_hours=forecast.range.low_hours,
        high_hours=forecast.range.high_hours,
        low_cost=forecast.range.low_cost,
        high_cost=forecast.range.high_cost,
        peak_bytes=int(fit.peak) if fit else None,
        sequence_length=run.lengths.mean,
        longest_sequence=run.lengths.longest,
        sequences_at_once=setup.sequences,
    )


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
