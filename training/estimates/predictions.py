"""What had been said of a run before it ran, to stand beside what it measured."""

from dataclasses import replace
from typing import Any

from training.core.beliefs import believe, believe_overhead, weigh
from training.core.estimate import Hardware, Overhead
from training.core.forecast import Expectation, forecast, learned, listed
from training.core.gpu_names import CPU
from training.core.learning import LISTED_OVERHEAD, LISTED_THROUGHPUT
from training.estimates.past_runs import conditions_of, past_cpu_runs
from training.estimates.run_settings import RunSettings
from training.models import RunMeasurement, RunPlan, TrainingJob


def predictions(row: RunMeasurement, job: TrainingJob, plan: RunPlan) -> dict[str, Any]:
    """What had been said of this run on this hardware before it ran; nothing where nothing had."""
    if row.was_on_chosen_hardware:
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
    conditions = conditions_of(
        row,
        model=row.base_model.name,
        parameters=row.base_model.parameters,
        chosen_micro_batch=plan.micro_batch_size,
    )
    alike = weigh(conditions, past_cpu_runs(row.hardware, without=job))
    beliefs = believe(alike, hardware=row.hardware, prior=LISTED_THROUGHPUT)
    if not beliefs.throughput.runs:
        return {}
    expected = learned(_expected_on_cpu(row), beliefs, believe_overhead(alike, LISTED_OVERHEAD))
    figures = RunSettings.of_job(job, plan).figures
    said = forecast(figures, expected, batch_size=row.batch_size, epochs=row.epochs)
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


def _expected_on_cpu(row: RunMeasurement) -> Expectation:
    """Of the time around its training, by sizes where they are known, else the list's."""
    expected = listed(Hardware(price_per_hour=0, tokens_per_second=row.list_tokens_per_second, count=1))
    if row.modelled_startup_seconds is None:
        return expected
    around = Overhead(
        start=row.modelled_startup_seconds,
        validation=(row.modelled_evaluation_seconds or 0) / max(row.epochs, 1),
        save=row.modelled_saving_seconds or 0,
    )
    return replace(expected, overhead=around)
