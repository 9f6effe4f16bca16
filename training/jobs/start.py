"""Start a training job: price it, see whether it fits, keep what was predicted, queue it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from datasets.models import Dataset
from pipeline.accounts import quotas
from training.core.estimate import cents
from training.core.fitting import Fit, Remedy
from training.core.forecast import LIST
from training.core.hyperparameters import Hyperparameters
from training.core.memory import GIB
from training.core.options import DEFAULT_OPTIONS, RunOptions
from training.estimates.catalogue import Catalogue, catalogue
from training.estimates.estimator import Estimator
from training.estimates.quote import Quote, quote
from training.estimates.run_settings import RunSettings
from training.jobs import data_fits, lifecycle
from training.jobs.base_models import require_loadable
from training.jobs.data import chosen_for, require_trainable
from training.jobs.nudges import nudge
from training.models import BaseModel, GpuType, RunPlan, TrainingJob
from training.trainer.windows import SPLIT

QUOTE_TOLERANCE = Decimal("0.01")
"""US dollars that a client's price may differ from the job's without being told."""


class NoBaseModel(Exception):
    """No base model is on offer."""


class DoesNotFit(Exception):
    """The run is predicted to need more memory than the card has, and nobody has said to start it all the same."""

    def __init__(self, fit: Fit, remedies: list[Remedy]) -> None:
        super().__init__(
            f"Predicted to need {fit.peak / GIB:.1f} GiB on each GPU, and {fit.card.name} has {fit.card.memory_gib:g}. "
            "Choose one of the changes that make it fit, or confirm that it is to start anyway."
        )
        self.fit = fit
        self.remedies = remedies


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """What is asked for when a job is to be started."""

    dataset: Dataset
    preset_id: str
    gpu_type: GpuType
    gpu_count: int
    hyperparameters: Hyperparameters
    base_model: BaseModel | None = None
    """``None``: the default one."""
    quoted_cost: Decimal | None = None
    """The price that the client was shown, in US dollars."""
    max_cost: Decimal | None = None
    """The run stops itself before it costs more (US dollars)."""
    options: RunOptions = DEFAULT_OPTIONS
    basis: str = LIST
    """What its estimate is to rest on: one of the core's BASES, or BEST."""
    too_long: str = SPLIT
    """What becomes of conversations longer than the longest sequence."""
    allow_oom: bool = False
    """Start although it is predicted not to fit."""
    allow_dropped_rows: bool = False
    """Start although rows would not be trained on."""
    probe: bool = False
    """Run a few steps only, to measure."""
    name: str = ""
    tags: Sequence[str] = ()
    note: str = ""

    @cached_property
    def run(self) -> RunSettings:
        """What is to be run, on whatever hardware. Raises NoBaseModel."""
        return RunSettings(
            dataset=self.dataset,
            base_model=self.base_model or default_base_model(),
            hyperparameters=self.hyperparameters,
            options=self.options,
            too_long=self.too_long,
            basis=self.basis,
        )

    def quote(self) -> Quote:
        """What it is started for. Raises NoBaseModel."""
        return quote(Estimator(self.run, [self.gpu_type]), self.gpu_type, self.gpu_count, with_alternatives=False)


def default_base_model(known: Catalogue | None = None) -> BaseModel:
    """Of the present catalogue. Raises NoBaseModel."""
    model = (known or catalogue()).default_base_model
    if model is None:
        raise NoBaseModel("No base model is on offer. Mark one as active and default in the admin.")
    return model


def job_submit(request: JobRequest, *, user: AbstractBaseUser) -> TrainingJob:
    """Create a queued job and, once it is committed, tell the workers.

    Raises DatasetNotReady, NoBaseModel, CannotBeLoaded, DoesNotFit, QuotaExceeded, and what ``data_fits.require``
    raises.
    """
    require_trainable(request.dataset)
    require_loadable(request.run.base_model, request.gpu_type)
    fit = data_fits.require(request.run, allow_dropped_rows=request.allow_dropped_rows)
    found = request.quote()
    if found.fit and not found.fit.fits and not request.allow_oom and not request.probe:
        raise DoesNotFit(found.fit, found.remedies)
    job, plan = _job(request, found, user), _plan(request, found)
    if fit is not None:
        plan.conversations, plan.pairs = fit.conversations, fit.pairs
    with transaction.atomic():
        quotas.require(user, waiting_jobs=1)
        lifecycle.create(job, actor=user)
        plan.job = job
        plan.save(force_insert=True)
        transaction.on_commit(partial(nudge, job))
    return job


def quote_differs(job: TrainingJob) -> bool:
    """Whether the client was shown a price more than a cent off the job's."""
    return job.quoted_cost is not None and abs(job.quoted_cost - job.estimated_total_cost) > QUOTE_TOLERANCE


def _job(request: JobRequest, found: Quote, user: AbstractBaseUser) -> TrainingJob:
    price = found.price
    return TrainingJob(
        user_id=user.pk,
        dataset=request.dataset,
        base_model=found.run.base_model,
        base_model_revision=found.run.base_model.revision,
        preset_id=request.preset_id,
        gpu_config={"type": request.gpu_type.name, "count": request.gpu_count},
        hyperparameters=request.hyperparameters.to_dict(),
        total_epochs=1 if request.probe else request.hyperparameters.epochs,
        total_steps=found.probe_steps if request.probe else price.total_steps,
        hourly_rate=cents(price.hourly_rate),
        estimated_total_cost=found.probe_cost if request.probe else cents(price.total_cost),
        quoted_cost=None if request.probe else request.quoted_cost,
        max_cost=request.max_cost,
        name=request.name,
        tags=list(request.tags),
        note=request.note,
        **chosen_for(request.dataset),
    )


def _plan(request: JobRequest, found: Quote) -> RunPlan:
    """What is predicted of the run, and the price it is started with, to be kept."""
    price, forecast = found.price, found.forecast
    return RunPlan(
        is_probe=request.probe,
        **request.options.to_dict(),
        too_long=request.too_long,
        allow_oom=request.allow_oom,
        allow_dropped_rows=request.allow_dropped_rows,
        price_per_hour=request.gpu_type.price_per_hour,
        price_as_of=request.gpu_type.price_as_of,
        basis=forecast.basis,
        basis_runs=forecast.runs,
        total_steps=price.total_steps,
        tokens_per_second=price.tokens_per_second,
        overhead_seconds=forecast.overhead_seconds,
        duration_hours=price.duration_hours,
        low_hours=forecast.range.low_hours,
        high_hours=forecast.range.high_hours,
        low_cost=forecast.range.low_cost,
        high_cost=forecast.range.high_cost,
        peak_bytes=int(found.fit.peak) if found.fit else None,
        sequence_length=found.run.lengths.mean,
        longest_sequence=found.run.lengths.longest,
        sequences_at_once=found.setup.sequences,
    )
