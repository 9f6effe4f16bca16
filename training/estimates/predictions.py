"""What had been said of a run before it ran, to stand beside what it measured."""

from typing import Any

from training.core.estimate import Hardware
from training.core.forecast import believe, forecast
from training.core.gpu_names import CPU
from training.estimates.past_runs import conditions_of, past_cpu_runs
from training.estimates.run_settings import RunSettings
from training.models import RunMeasurement, RunPlan, TrainingJob


def predictions(row: RunMeasurement, job: TrainingJob, plan: RunPlan) -> dict[str, Any]:
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
    conditions = conditions_of(
        row,
        model=row.base_model.name,
        parameters=row.base_model.parameters,
        chosen_micro_batch=plan.micro_batch_size,
    )
    beliefs = believe(conditions, past_cpu_runs(row.hardware, without=job))
    if not beliefs.runs:
        return {}
    said = forecast(
        RunSettings.of_job(job, plan).figures,
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
