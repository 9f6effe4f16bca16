"""Keep what a finished run or probe measured, beside what had been predicted of it."""

import math
from dataclasses import asdict
from decimal import Decimal
from typing import Any, cast

from training.core.gpu_names import CUDA, is_that_gpu
from training.estimates.modelled import modelled_figures
from training.estimates.predictions import predictions
from training.models import RunMeasurement, RunPlan, TrainingJob
from training.trainer.protocol import Measured


def record(job: TrainingJob, measured: Measured, *, cost: Decimal) -> None:
    """Keep what a run took whose last step is done. For a job that was retried, it takes the place of what was there.

    A job without a plan (made before there were any) has nothing to compare with and is left out.

    Args:
        job: as its attempt left it, with the device that it ran on.
        measured: by the trainer.
        cost: of all attempts, in US dollars.

    Raises ValueError, and what the database refuses.
    """
    plan = RunPlan.objects.filter(pk=job.pk).first()
    if plan is None or measured.tokens_per_second <= 0:
        return
    if not all(math.isfinite(figure) for figure in asdict(measured).values()):
        raise ValueError(f"the trainer measured what is no number: {measured}")
    row = RunMeasurement(**_what_ran(job, plan, measured), **_what_it_took(measured), cost=float(cost))
    for name, value in modelled_figures(row, job, plan).items():
        setattr(row, name, value)
    values = _columns(row) | predictions(row, job, plan)
    RunMeasurement.objects.update_or_create(job=job, defaults=values)


def _what_ran(job: TrainingJob, plan: RunPlan, measured: Measured) -> dict[str, Any]:
    return {
        "is_probe": plan.is_probe,
        "is_whole": not plan.is_probe and measured.steps >= job.total_steps,
        "device": job.device,
        "device_name": job.device_name,
        "hardware": hardware(job),
        "gpu_type": job.gpu_config["type"],
        "gpu_count": job.gpu_config["count"],
        "base_model": job.base_model,
        "rank": job.settings.rank,
        "batch_size": job.settings.batch_size,
        "sequence_length": plan.sequence_length,
        "quantization": plan.quantization,
        "precision": plan.precision,
        "gradient_checkpointing": plan.gradient_checkpointing,
        "epochs": job.total_epochs,
    }


def _what_it_took(measured: Measured) -> dict[str, Any]:
    overhead = measured.startup_seconds + measured.evaluation_seconds + measured.saving_seconds
    seconds = measured.steps * measured.seconds_per_step + overhead
    return {
        "micro_batch_size": measured.micro_batch_size,
        "longest_sequence": measured.longest_sequence,
        "steps": measured.steps,
        "tokens_per_second": measured.tokens_per_second,
        "startup_seconds": measured.startup_seconds,
        "evaluation_seconds": measured.evaluation_seconds,
        "saving_seconds": measured.saving_seconds,
        "peak_memory_bytes": measured.peak_memory_bytes,
        "reserved_memory_bytes": measured.reserved_memory_bytes,
        "hours": seconds / 3600,
    }


def hardware(job: TrainingJob) -> str:
    """Whose estimates the job's figures count for: the chosen GPU type's if it was on one, else the device's own."""
    chosen = job.gpu_config["type"]
    if job.device == CUDA and is_that_gpu(chosen, job.device_name):
        return str(chosen)
    return job.device_name or job.device


def refresh() -> int:
    """Hold every run whose job is kept against today's figures of catalogue and core; returns how many there are.

    For after either has changed: what is learned are ratios to what they said when the run ended.
    """
    rows = RunMeasurement.objects.filter(job__isnull=False).select_related("job__plan", "job__dataset", "base_model")
    for row in rows.iterator(chunk_size=500):
        job = cast(TrainingJob, row.job)
        rows.filter(pk=row.pk).update(**modelled_figures(row, job, job.plan))
    return rows.count()


def _columns(row: RunMeasurement) -> dict[str, Any]:
    """Its values by column, for writing them over what was there."""
    left_out = {"id", "job", "created_at"}
    return {field.name: getattr(row, field.name) for field in row._meta.concrete_fields if field.name not in left_out}
