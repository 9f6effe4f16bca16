"""Measured runs, as the estimate learns from them."""

import math
from collections.abc import Iterable
from typing import Any

from training.core.beliefs import PastRun
from training.core.estimate import LIST_OVERHEAD, list_throughput
from training.core.forecast import cpu_throughput
from training.core.gpu_names import CUDA
from training.core.likeness import Conditions, log_speed
from training.models import GpuType, RunMeasurement, TrainingJob

COLUMNS = (
    "job_id",
    "hardware",
    "device",
    "gpu_count",
    "base_model__name",
    "base_model__parameters",
    "rank",
    "micro_batch_size",
    "sequence_length",
    "quantization",
    "precision",
    "gradient_checkpointing",
    "tokens_per_second",
    "startup_seconds",
    "evaluation_seconds",
    "saving_seconds",
    "epochs",
    "is_whole",
    "peak_memory_bytes",
    "reserved_memory_bytes",
    "modelled_peak_bytes",
    "modelled_tokens_per_second",
    "modelled_startup_seconds",
    "modelled_evaluation_seconds",
    "modelled_saving_seconds",
    "job__plan__micro_batch_size",
)


def measured_rows(hardware: Iterable[str]) -> list[Any]:
    """The latest measured runs on each of these, as named tuples of COLUMNS. One query.

    Models would take several times as long. Only runs that were really on such a GPU are among them: a run on a CPU
    counts for that CPU.
    """
    return list(RunMeasurement.objects.latest_on(hardware).values_list(*COLUMNS, named=True))


def against_architecture(rows: Iterable[Any]) -> list[PastRun]:
    """What was measured / what the model's architecture says, of the runs of which it says something."""
    return [
        _past_run(
            row,
            throughput=row.tokens_per_second / row.modelled_tokens_per_second,
            **_around(row),
        )
        for row in rows
        if row.modelled_tokens_per_second
    ]


def against_list(rows: Iterable[Any], gpu_type: GpuType) -> list[PastRun]:
    """What was measured on these GPUs / what the list says."""
    return [
        _against_list(row, list_throughput(gpu_type.tokens_per_second, row.base_model__parameters) * row.gpu_count)
        for row in rows
        if row.hardware == gpu_type.name
    ]


def past_cpu_runs(hardware: str, *, without: TrainingJob) -> list[PastRun]:
    """The latest measured runs on that CPU, but for one job's; the time around training against its sizes' if known."""
    return [
        _past_run(row, throughput=_to_list(row, cpu_throughput(row.base_model__parameters)), **_around(row))
        for row in measured_rows([hardware])
        if row.job_id != without.pk
    ]


def conditions_of(row: Any, *, model: str, parameters: int, chosen_micro_batch: int | None) -> Conditions:
    """What a measured run's speed depended on. ``row``: a RunMeasurement, or its columns as a named tuple."""
    return Conditions.of(
        model=model,
        parameters=parameters,
        sequences=row.micro_batch_size * _devices(row),
        micro_batch_size=chosen_micro_batch,
        sequence_length=row.sequence_length,
        rank=row.rank,
        quantization=row.quantization,
        precision=row.precision,
        checkpointing=row.gradient_checkpointing,
    )


def _devices(row: Any) -> int:
    """GPUs that shared its steps; a CPU is one, whatever was chosen."""
    count: int = row.gpu_count if row.device == CUDA else 1
    return count


def _around(row: Any) -> dict[str, float | None]:
    """The time around its training, measured / what sizes say."""
    return {
        "start": _ratio(row.startup_seconds, row.modelled_startup_seconds),
        "validation": _ratio(row.evaluation_seconds, row.modelled_evaluation_seconds) if row.is_whole else None,
        "save": _ratio(row.saving_seconds, row.modelled_saving_seconds) if row.is_whole else None,
    }


def _to_list(row: Any, listed: float) -> float:
    """Measured throughput / ``listed``, to which what the run's conditions explain is added."""
    expected: float = listed * math.exp(log_speed(_conditions(row), _devices(row)))
    return float(row.tokens_per_second) / expected


def _against_list(row: Any, listed: float) -> PastRun:
    """``listed``: tokens a second that the list says."""
    evaluation = row.evaluation_seconds / max(row.epochs, 1)
    return _past_run(
        row,
        throughput=_to_list(row, listed),
        start=row.startup_seconds / LIST_OVERHEAD.start,
        validation=evaluation / LIST_OVERHEAD.validation if row.is_whole else None,
        save=row.saving_seconds / LIST_OVERHEAD.save if row.is_whole else None,
    )


def _past_run(row: Any, **ratios: float | None) -> PastRun:
    held = row.reserved_memory_bytes or row.peak_memory_bytes
    return PastRun(
        hardware=row.hardware, conditions=_conditions(row), memory=_ratio(held, row.modelled_peak_bytes), **ratios
    )


def _conditions(row: Any) -> Conditions:
    return conditions_of(
        row,
        model=row.base_model__name,
        parameters=row.base_model__parameters,
        chosen_micro_batch=row.job__plan__micro_batch_size,
    )


def _ratio(measured: float, expected: float | None) -> float | None:
    """``None`` where nothing was measured or expected."""
    return measured / expected if measured and expected else None
