"""Measured runs, as the estimate learns from them."""

from collections import defaultdict
from collections.abc import Iterable

from training.core.devices import CUDA
from training.core.estimate import list_throughput
from training.core.forecast import PastRun, cpu_throughput
from training.core.likeness import Conditions
from training.core.memory import TOKENS_AT_ONCE
from training.models import GpuType, RunMeasurement, TrainingJob


def past_runs(gpu_types: Iterable[GpuType]) -> dict[str, list[PastRun]]:
    """The latest measured runs on each of these GPU types, by its name. One query.

    Only runs that were really on such a GPU: a run on a CPU counts for that CPU.
    """
    lists = {gpu_type.name: gpu_type.tokens_per_second for gpu_type in gpu_types}
    found: defaultdict[str, list[PastRun]] = defaultdict(list)
    for row in _rows(lists):
        expected = list_throughput(lists[row.hardware], row.base_model.parameters) * row.gpu_count
        found[row.hardware].append(past_run(row, expected=expected))
    return found


def past_cpu_runs(hardware: str, *, without: TrainingJob | None = None) -> list[PastRun]:
    """The latest measured runs on that CPU."""
    return [
        past_run(row, expected=cpu_throughput(row.base_model.parameters))
        for row in _rows([hardware])
        if without is None or row.job_id != without.pk
    ]


def _rows(hardware: Iterable[str]) -> Iterable[RunMeasurement]:
    return RunMeasurement.objects.latest_on(hardware).select_related("base_model")


def past_run(row: RunMeasurement, *, expected: float) -> PastRun:
    """``expected``: tokens a second that the list would say."""
    together = min(row.micro_batch_size * row.sequence_length, max(TOKENS_AT_ONCE, row.sequence_length))
    return PastRun(
        conditions=Conditions(
            model=row.base_model.name,
            parameters=row.base_model.parameters,
            tokens_at_once=together,
            sequence_length=row.sequence_length,
            rank=row.rank,
            quantization=row.quantization,
            precision=row.precision,
            checkpointing=row.gradient_checkpointing,
        ),
        gpu_count=row.gpu_count if row.device == CUDA else 1,
        throughput=row.tokens_per_second / expected,
        start=row.startup_seconds,
        validation=row.evaluation_seconds / max(row.epochs, 1) if row.is_whole else None,
        save=row.saving_seconds if row.is_whole else None,
        memory=row.held_bytes / row.modelled_peak_bytes if row.modelled_peak_bytes and row.held_bytes else None,
    )
