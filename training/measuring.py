"""Keep what a finished run or probe measured, beside what had been predicted of it."""

from decimal import Decimal
from typing import Any

from training.core.devices import CPU, CUDA, is_that_gpu
from training.core.estimate import DatasetFigures, Hardware, list_throughput
from training.core.fitting import precision_on
from training.core.forecast import believe, cpu_throughput, forecast
from training.core.memory import Setup, predict, resident_on_cpu
from training.history import conditions_of, past_cpu_runs
from training.models import GpuType, RunMeasurement, RunPlan, TrainingJob
from training.trainer.protocol import Measured


def record(job: TrainingJob, measured: Measured, *, cost: Decimal) -> bool:
    """Once a run's last step is done. Again, for a job that was retried, it takes the place of what was there.

    A job without a plan (made before there were any) has nothing to compare with and is left out.
    """
    plan = RunPlan.objects.filter(pk=job.pk).first()
    if plan is None or measured.tokens_per_second <= 0:
        return True
    training_seconds = measured.steps * measured.seconds_per_step
    overhead = measured.startup_seconds + measured.evaluation_seconds + measured.saving_seconds
    row = RunMeasurement(
        is_probe=plan.is_probe,
        is_whole=not plan.is_probe and measured.steps >= job.total_steps,
        device=job.device,
        device_name=job.device_name,
        hardware=hardware(job),
        gpu_type=job.gpu_config["type"],
        gpu_count=job.gpu_config["count"],
        base_model=job.base_model,
        rank=job.hyperparameters["rank"],
        batch_size=job.hyperparameters["batch_size"],
        micro_batch_size=measured.micro_batch_size,
        sequence_length=plan.sequence_length,
        longest_sequence=measured.longest_sequence,
        quantization=plan.quantization,
        precision=plan.precision,
        gradient_checkpointing=plan.gradient_checkpointing,
        steps=measured.steps,
        epochs=job.total_epochs,
        tokens_per_second=measured.tokens_per_second,
        startup_seconds=measured.startup_seconds,
        evaluation_seconds=measured.evaluation_seconds,
        saving_seconds=measured.saving_seconds,
        peak_memory_bytes=measured.peak_memory_bytes,
        reserved_memory_bytes=measured.reserved_memory_bytes,
        hours=(training_seconds + overhead) / 3600,
        cost=float(cost),
    )
    gpu_type = GpuType.objects.filter(name=row.gpu_type).first()
    row.list_tokens_per_second = _list_throughput(row, gpu_type)
    row.modelled_peak_bytes = _modelled_peak(row, job, gpu_type)
    values = _columns(row) | _predictions(row, job, plan)
    RunMeasurement.objects.update_or_create(job=job, defaults=values)
    return True


def hardware(job: TrainingJob) -> str:
    """Whose estimates the job's figures count for: the chosen GPU type's if it was on one, else the device's own."""
    chosen = job.gpu_config["type"]
    if job.device == CUDA and is_that_gpu(chosen, job.device_name):
        return chosen
    return job.device_name or job.device


def _list_throughput(row: RunMeasurement, gpu_type: GpuType | None) -> float:
    parameters = row.base_model.parameters
    if row.device == CPU:
        return cpu_throughput(parameters)
    if gpu_type is None:
        return row.tokens_per_second
    return list_throughput(gpu_type.tokens_per_second, parameters) * row.gpu_count


def _modelled_peak(row: RunMeasurement, job: TrainingJob, gpu_type: GpuType | None) -> int | None:
    dimensions = row.base_model.dimensions
    if dimensions is None:
        return None
    card = gpu_type.card if gpu_type else None
    precision = "fp32" if row.device == CPU else row.precision
    if card is not None and row.device == CUDA:
        precision = precision_on(card, row.precision)
    setup = Setup(
        sequences=row.micro_batch_size,
        sequence_length=row.longest_sequence,
        rank=row.rank,
        dropout=job.hyperparameters["dropout"] > 0,
        quantization=row.quantization,
        precision="bf16" if precision == "auto" else precision,
        checkpointing=row.gradient_checkpointing,
    )
    return resident_on_cpu(dimensions, setup) if row.device == CPU else predict(dimensions, setup).reserved


def _predictions(row: RunMeasurement, job: TrainingJob, plan: RunPlan) -> dict[str, Any]:
    """What had been said of this run on this hardware before it ran; nothing where nothing had."""
    if row.hardware == row.gpu_type:
        return {
            "basis": plan.basis,
            "predicted_tokens_per_second": plan.tokens_per_second,
            "predicted_overhead_seconds": plan.overhead_seconds,
            "predicted_hours": plan.duration_hours,
            "predicted_low_hours": plan.low_hours,
            "predicted_high_hours": plan.high_hours,
            "predicted_cost": float(job.estimated_total_cost),
            "predicted_peak_bytes": plan.peak_bytes,
        }
    return _cpu_predictions(row, job, plan) if row.device == CPU else {}


def _cpu_predictions(row: RunMeasurement, job: TrainingJob, plan: RunPlan) -> dict[str, Any]:
    """From the runs on this CPU before."""
    beliefs = believe(
        conditions_of(row, chosen_micro_batch=plan.micro_batch_size), past_cpu_runs(row.hardware, without=job)
    )
    if not beliefs.runs:
        return {}
    said = forecast(
        DatasetFigures(pairs=job.dataset.total_training_pairs, tokens=job.dataset.total_tokens),
        Hardware(price_per_hour=0, tokens_per_second=row.list_tokens_per_second, count=1),
        batch_size=row.batch_size,
        epochs=row.epochs,
        beliefs=beliefs,
    )
    memory = row.modelled_peak_bytes
    return {
        "basis": said.basis,
        "predicted_tokens_per_second": said.estimate.tokens_per_second,
        "predicted_overhead_seconds": said.overhead_seconds,
        "predicted_hours": said.estimate.duration_hours,
        "predicted_low_hours": said.range.low_hours,
        "predicted_high_hours": said.range.high_hours,
        "predicted_peak_bytes": int(memory * beliefs.memory.factor) if memory else None,
    }


def _columns(row: RunMeasurement) -> dict[str, Any]:
    """Its values by column, for writing them over what was there."""
    left_out = {"id", "job", "created_at"}
    return {field.name: getattr(row, field.name) for field in row._meta.concrete_fields if field.name not in left_out}
