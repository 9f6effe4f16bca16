"""The job file: all that a trainer is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from datasets.held_out import MOST_HELD_OUT
from training.core.lease import lease_seconds
from training.core.memory import TOKENS_AT_ONCE
from training.core.options import RunOptions
from training.models import RunPlan, TrainingJob
from training.trainer import protocol
from training.workers import data
from training.workers.host import cpu_name


def run_dir(job: TrainingJob) -> Path:
    """Where the job's checkpoints and its adapter are written."""
    folder: Path = settings.RUNS_DIR / str(job.pk)
    return folder


def write(job: TrainingJob, deadlines: dict[str, float], *, is_wanted: Callable[[], bool]) -> Path | None:
    """Write the job file into the run's folder; ``None`` when stopped while its data were made ready.

    Args:
        job: a claimed job.
        deadlines: by device type, the Unix time at which its budget is spent.
        is_wanted: asked now and then; once it answers ``False``, the work is given up.

    Raises DataUnusable, OSError.
    """
    folder = run_dir(job)
    folder.mkdir(parents=True, exist_ok=True)
    found = data.hand_over(job, folder, is_wanted=is_wanted)
    if found is None:
        return None
    place = job.place
    spec = protocol.JobSpec(
        job_id=str(job.pk),
        attempt=job.attempt,
        model=place.location,
        model_name=job.base_model.name,
        model_license=job.base_model.license,
        model_revision="" if place.folder else place.revision,
        run_dir=str(folder),
        gpu_count=job.gpu_config["count"],
        device=settings.TRAINER_DEVICE,
        cpu_name=cpu_name(),
        preset=job.preset_id,
        hyperparameters=job.hyperparameters,  # as stored: what was no choice then is none in its checkpoints
        tokens_at_once=TOKENS_AT_ONCE,
        most_held_out=MOST_HELD_OUT,
        lease_seconds=lease_seconds(settings.WORKER_SILENCE_SECONDS),
        checkpoint_seconds=settings.CHECKPOINT_SECONDS,
        deadlines=deadlines,
        **found,
        **_planned(job),
    )
    file = folder / f"job-{job.attempt}.json"
    file.write_text(spec.to_json())
    return file


def _planned(job: TrainingJob) -> dict[str, Any]:
    """How many steps of how long a run, and how memory is used; a job older than plans does all of its steps."""
    plan = RunPlan.objects.filter(pk=job.pk).first()
    total = plan.total_steps if plan else job.total_steps
    options = plan.options if plan else RunOptions()
    probe_steps = job.total_steps if plan and plan.is_probe else None
    steps = {"total_steps": total, "steps_per_epoch": total // job.settings.epochs, "probe_steps": probe_steps}
    return steps | options.to_dict()
