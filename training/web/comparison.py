"""Jobs side by side: what came of each, and in what their settings differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from django.template.defaultfilters import floatformat
from django.urls import reverse

from training.core.hyperparameters import LIMITS
from training.core.options import PRECISIONS, QUANTIZATIONS
from training.models import RunPlan, TrainingJob
from training.web import monitor
from training.web.forms.fields import shown

FEWEST, MOST = 2, 6
"""Jobs that can be read beside each other."""
NONE = "–"


@dataclass(frozen=True)
class Row:
    """What something is of each job, in their order."""

    label: str
    values: list[str]


def letters(jobs: Sequence[TrainingJob]) -> list[tuple[str, TrainingJob]]:
    """Each with the letter that it goes by in charts."""
    return list(zip(ascii_uppercase, jobs, strict=False))


def results(jobs: Sequence[TrainingJob]) -> list[Row]:
    """What came of them."""
    return _rows([_result(job) for job in jobs])


def changed(jobs: Sequence[TrainingJob]) -> list[Row]:
    """The settings that are not the same in all of them."""
    return [row for row in _rows([_settings(job) for job in jobs]) if len(set(row.values)) > 1]


def runs(jobs: Sequence[TrainingJob]) -> list[dict[str, Any]]:
    """For the charts: where each job's curves are, and how many steps of it make an epoch."""
    return [
        {
            "letter": letter,
            "title": job.title,
            "url": reverse("training:job_metrics", args=[job.pk]),
            "stepsPerEpoch": job.total_steps / job.total_epochs,
        }
        for letter, job in letters(jobs)
    ]


def _rows(columns: list[dict[str, str]]) -> list[Row]:
    labels = dict.fromkeys(label for column in columns for label in column)
    return [Row(label, [column.get(label, NONE) for column in columns]) for label in labels]


def _result(job: TrainingJob) -> dict[str, str]:
    found, measured = job.current_metrics, getattr(job, "measurement", None)
    pace = measured.tokens_per_second if measured else found.get("tokens_per_second")
    return {
        "Evaluation loss": _number(found.get("evaluation_loss"), 4),
        "Training loss": _number(found.get("loss"), 4),
        "Cost": f"${floatformat(job.current_cost, '2g')}",
        "Estimated cost": f"${floatformat(job.estimated_total_cost, '2g')}",
        "Time": monitor.duration(job) or NONE,
        "Tokens a second": _number(pace, "0g"),
        "Steps done": f"{job.current_step:,} of {job.total_steps:,}",
    }


def _settings(job: TrainingJob) -> dict[str, str]:
    return {
        "Dataset": job.dataset.name,
        "Dataset version": str(job.dataset_version.number) if job.dataset_version else NONE,
        "Base model": job.base_model.name,
        "Base model revision": job.base_model_revision or NONE,
        "GPUs": f"{job.gpu_config['count']} × {job.gpu_config['type']}",
        "Ran on": job.device_name or NONE,
        "Preset": job.preset_id.title(),
        **{LIMITS[name].label: shown(name, value) for name, value in job.settings.to_dict().items()},
        **(_options(job.plan) if hasattr(job, "plan") else {}),
        "Held out": NONE if job.evaluation_share is None else f"{job.evaluation_share:.1%}",
        "Split seed": str(job.split_seed),
        "Stops at": NONE if job.max_cost is None else f"${floatformat(job.max_cost, '2g')}",
    }


def _options(plan: RunPlan) -> dict[str, str]:
    return {
        "Dry run": "Yes" if plan.is_probe else "No",
        "Longer conversations": plan.get_too_long_display(),
        "Model weights in": QUANTIZATIONS[plan.quantization],
        "Precision": PRECISIONS[plan.precision],
        "Micro-batch size": str(plan.micro_batch_size or "Automatic"),
        "Gradient checkpointing": "Yes" if plan.gradient_checkpointing else "No",
    }


def _number(value: float | None, places: int | str) -> str:
    return NONE if value is None else str(floatformat(value, places))
