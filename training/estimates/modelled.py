"""What list, architecture and memory model say of a run that is over, for what it measured to be held against."""

from typing import Any

from training.core.estimate import list_throughput
from training.core.fitting import precision_on
from training.core.forecast import cpu_throughput
from training.core.gpu_names import CPU, CUDA
from training.core.memory import Setup, predict, resident_on_cpu
from training.core.overheads import expected_overhead
from training.core.throughput import speeds
from training.estimates.run_settings import RunSettings
from training.models import GpuType, RunMeasurement, RunPlan, TrainingJob


def modelled_figures(row: RunMeasurement, job: TrainingJob, plan: RunPlan) -> dict[str, Any]:
    """The row's columns that tell what was to be expected of it; ``None`` in those of which nothing is known."""
    gpu_type = GpuType.objects.filter(name=row.gpu_type).first()
    listed = _listed(row, gpu_type)
    return {
        "list_tokens_per_second": listed,
        "modelled_peak_bytes": _peak(row, job, gpu_type),
        **_by_architecture(row, RunSettings.of_job(job, plan), gpu_type, listed=listed),
    }


def _listed(row: RunMeasurement, gpu_type: GpuType | None) -> float:
    parameters = row.base_model.parameters
    if row.device == CPU:
        return cpu_throughput(parameters)
    if gpu_type is None:
        return row.tokens_per_second
    return list_throughput(gpu_type.tokens_per_second, parameters) * row.gpu_count


def _by_architecture(
    row: RunMeasurement, run: RunSettings, gpu_type: GpuType | None, *, listed: float
) -> dict[str, float | None]:
    """``listed``: tokens a second, for evaluating where the architecture says nothing of the device."""
    work = run.workload
    if work is None:
        return {}
    chip = gpu_type.chip if gpu_type and row.was_on_chosen_hardware else None
    speed = speeds(work, chip, row.gpu_count)[-1].tokens_per_second if chip else None
    around = expected_overhead(
        work,
        parameters=row.base_model.parameters,
        evaluated_tokens=run.evaluated_tokens,
        tokens_per_second=speed or listed,
        epochs=row.epochs,
    )
    return {
        "modelled_tokens_per_second": speed,
        "modelled_startup_seconds": around.start,
        "modelled_evaluation_seconds": around.validation * row.epochs,
        "modelled_saving_seconds": around.save,
    }


def _peak(row: RunMeasurement, job: TrainingJob, gpu_type: GpuType | None) -> int | None:
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
        dropout=job.settings.dropout > 0,
        quantization=row.quantization,
        precision="bf16" if precision == "auto" else precision,
        checkpointing=row.gradient_checkpointing,
    )
    return resident_on_cpu(dimensions, setup) if row.device == CPU else predict(dimensions, setup).reserved
