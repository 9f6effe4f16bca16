"""What to change about a run that ran out of a GPU's memory."""

from training.core.gpu_names import CUDA
from training.estimates.estimator import Estimator
from training.estimates.run_settings import RunSettings
from training.models import GpuType, RunPlan, TrainingJob

MARGIN = 1.05
"""The run is taken to have needed at least so many times what the card has: it was refused more."""


def what_would_fit(job: TrainingJob) -> str:
    """A sentence for a person; empty where nothing is known to fit, or nothing is known.

    The prediction was too low, or had been overruled: it is scaled up to what happened first.
    """
    plan = RunPlan.objects.filter(pk=job.pk).first()
    chosen = GpuType.objects.filter(is_active=True, name=job.gpu_config["type"]).first()
    if plan is None or chosen is None or job.device != CUDA:
        return ""
    count = job.gpu_config["count"]
    estimator = Estimator(RunSettings.of_job(job, plan), [chosen])
    fit = estimator.fit(chosen, count)
    scale = max(1.0, MARGIN * fit.card.capacity / fit.peak) if fit else 1.0
    found = estimator.remedies(chosen, count, scale=scale)
    if not found:
        return ""
    return f"Predicted to fit, judging by this failure: {'; or '.join(remedy.text for remedy in found)}."
