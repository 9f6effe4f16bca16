"""Measured runs, as the estimate learns from them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from training.core.estimate import list_throughput
from training.core.forecast import PastRun, cpu_throughput
from training.core.gpu_names import CUDA
from training.core.likeness import Conditions
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
    "job__plan__micro_batch_size",
)


def past_runs(gpu_types: Iterable[GpuType]) -> dict[str, list[PastRun]]:
    """The latest measured runs on each of these GPU types, by its name. One query.

    Only runs that were really on such a GPU: a run on a CPU counts for that CPU.
    """
    lists = {gpu_type.name: gpu_type.tokens_per_second for gpu_type in gpu_types}
    found: defaultdict[str, list[PastRun]] = defaultdict(list)
    for row in _rows(lists):
        expected = list_throughput(lists[row.hardware], row.base_model__parameters) * row.gpu_count
        found[row.hardware].append(_past_run(row, expected=expected))
    return found


def past_cpu_runs(hardware: str, *, without: TrainingJob) -> list[PastRun]:
    """The latest measured runs on that CPU, but for one job's."""
    return [
        _past_run(row, expected=cpu_throughput(row.base_model__parameters))
        for row in _rows([hardware])
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


def _rows(hardware: Iterable[str]) -> Iterable[Any]:
    """Named tuples: with two hundred of them for one estimate, models would take several times as long."""
    return RunMeasurement.objects.latest_on(hardware).values_list(*COLUMNS, named=True)


def _past_run(row: Any, *, expected: float) -> PastRun:
    """``expected``: tokens a second that the list would say."""
    held = row.reserved_memory_bytes or row.peak_memory_bytes
    return PastRun(
        conditions=conditions_of(
            row,
            model=row.base_model__name,
            parameters=row.base_model__parameters,
            chosen_micro_batch=row.job__plan__micro_batch_size,
        ),
        gpu_count=_devices(row),
        throughput=row.tokens_per_second / expected,
        start=row.startup_seconds,
        validation=row.evaluation_seconds / max(row.epochs, 1) if row.is_whole else None,
        save=row.saving_seconds if row.is_whole else None,
        memory=held / row.modelled_peak_bytes if row.modelled_peak_bytes and held else None,
    )


def _devices(row: Any) -> int:
    """GPUs that shared its steps; a CPU is one, whatever was chosen."""
    count: int = row.gpu_count if row.device == CUDA else 1
    return count
