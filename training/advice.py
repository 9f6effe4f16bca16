"""What to change about a run that ran out of a GPU's memory."""

from training.estimating import Estimator, RunSettings
from training.models import GpuType, RunPlan, TrainingJob

MARGIN = 1.05
"""The run is taken to have needed at least so many times what the card has: it was refused more."""


def what_would_fit(job: TrainingJob) -> str:
    """A sentence for a person; empty where nothing is known to fit, or nothing is known.

    The prediction was too low, or had been overruled: it is scaled up to what happened first.
    """
    plan = RunPlan.objects.filter(pk=job.pk).first()
    gpu_types = list(GpuType.objects.filter(is_active=True))
    chosen = next((gpu for gpu in gpu_types if gpu.name == job.gpu_config["type"]), None)
    if plan is None or chosen is None or job.device != "cuda":
        return ""
    hyperparameters = job.settings
    run = RunSettings(
        dataset=job.dataset,
        base_model=job.base_model,
        batch_size=hyperparameters.batch_size,
        epochs=hyperparameters.epochs,
        rank=hyperparameters.rank,
        dropout=hyperparameters.dropout,
        options=plan.options,
    )
    count = job.gpu_config["count"]
    estimator = Estimator(run, gpu_types)
    fit = estimator.fit(chosen, count)
    scale = max(1.0, MARGIN * fit.card.capacity / fit.peak) if fit else 1.0
    found = estimator.remedies(chosen, count, scale=scale)
    if not found:
        return ""
    return f"Predicted to fit, judging by this failure: {'; or '.join(remedy.text for remedy in found)}."
