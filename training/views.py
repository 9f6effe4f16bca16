"""The pages of training: configure, the list of jobs, the monitor."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.forms import UUIDField
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from datasets.models import Dataset
from pipeline.http import SignedInRequest
from training import services
from training.core.estimate import cents, fixed
from training.core.hyperparameters import LIMITS
from training.core.presets import DEFAULT, PRESETS
from training.forms import ConfigureForm, shown
from training.models import Artifact, BaseModel, GpuType, TrainingJob
from training.serializers import estimate_data

JOBS_PER_PAGE = 20
CHART_FIELDS = ("loss", "evaluation_loss", "learning_rate", "tokens_per_second")


@login_required
@require_http_methods(["GET", "POST"])
def configure(request: SignedInRequest) -> HttpResponse:
    """Show the form with its first estimate; a POST starts the job."""
    dataset, problem = _dataset_for(request, request.POST.get("dataset_id") or request.GET.get("datasetId", ""))
    if dataset is None or problem:
        return render(request, "training/configure.html", {"dataset": dataset, "problem": problem})
    if problem := _nothing_on_offer():
        return render(request, "training/configure.html", {"dataset": dataset, "problem": problem})
    form = ConfigureForm(request.POST or None, initial=ConfigureForm.initial_values() | {"dataset_id": dataset.pk})
    if form.is_bound and form.is_valid():
        try:
            job = services.job_submit(
                user=request.user,
                dataset=dataset,
                preset_id=form.chosen_preset(),
                gpu_type=form.cleaned_data["gpu_type"],
                gpu_count=form.cleaned_data["gpu_count"],
                hyperparameters=form.cleaned_hyperparameters(),
                base_model=form.cleaned_data["base_model"],
                quoted_cost=form.cleaned_data["quoted_cost"],
            )
        except (services.DatasetNotReady, services.NoBaseModel) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Training job created and queued for processing")
            return redirect(job)
    context = {
        "dataset": dataset,
        "form": form,
        **_choices(form),
        **_estimate_context(form, dataset),
    }
    return render(request, "training/configure.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def estimate(request: SignedInRequest) -> HttpResponse:
    """The cost card for the form as it stands."""
    dataset, problem = _dataset_for(request, request.POST.get("dataset_id", ""))
    if dataset is None or problem:
        context: dict[str, Any] = {"estimate": None, "estimate_errors": {"Data set": [problem["text"]]}}
    else:
        context = _estimate_context(ConfigureForm(request.POST), dataset)
    return render(request, "training/_estimate.html", context)


@login_required
@require_GET
def jobs(request: SignedInRequest) -> HttpResponse:
    wanted = request.GET.get("status", "")
    rows = TrainingJob.objects.visible_to(request.user).select_related("dataset", "base_model")
    if wanted in TrainingJob.Status.values:
        rows = rows.filter(status=wanted)
    else:
        wanted = ""
    page = Paginator(rows, JOBS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "any_active": any(job.is_active for job in page),
        "status": wanted,
        "statuses": TrainingJob.Status.choices,
    }
    template = "training/_jobs_table.html" if request.htmx and not request.htmx.boosted else "training/jobs.html"
    return render(request, template, context)


@login_required
@require_GET
def job(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    return render(request, "training/job.html", _job_context(request, job_id))


@login_required
@require_GET
def job_status(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The part of the monitor that is asked for again while the job is active."""
    return render(request, "training/_job.html", _job_context(request, job_id))


@login_required
@require_GET
def job_metrics(request: SignedInRequest, job_id: UUID) -> JsonResponse:
    """The curves: a list per figure, one entry a recorded step."""
    job = _visible_job(request, job_id)
    rows = list(job.metrics.values_list("step", *CHART_FIELDS))
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) if rows else [()] * (1 + len(CHART_FIELDS))
    return JsonResponse(dict(zip(("steps", *CHART_FIELDS), columns, strict=True)))


@login_required
@require_POST
def cancel(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    job = _visible_job(request, job_id)
    if not services.job_cancel(job=job, user=request.user):
        messages.error(request, f"The job is already {job.get_status_display().lower()}.")
    elif job.is_active:
        messages.info(request, "The job will stop within moments.")
    else:
        messages.success(request, "The job was cancelled.")
    return redirect(job)


def _dataset_for(request: SignedInRequest, raw_id: str) -> tuple[Dataset | None, dict[str, str]]:
    """The data set to train on, or what is in the way and the way out."""
    way_out = {"url": reverse("datasets:list"), "label": "Go to Datasets"}
    if not raw_id:
        text = "No dataset selected. Please select a dataset from the datasets page."
        return None, {"title": "No dataset selected", "text": text} | way_out
    try:
        dataset_id = UUIDField().clean(raw_id)
    except ValidationError:
        dataset_id = None
    dataset = Dataset.objects.visible_to(request.user).filter(pk=dataset_id).first() if dataset_id else None
    if dataset is None:
        text = "Dataset not found or access denied"
        return None, {"title": "Dataset not found", "text": text} | way_out
    if not dataset.is_trainable:
        text = (
            "Dataset not ready for training. Dataset must have status='ready' and training_ready=true. "
            f"Current: status='{dataset.status}', training_ready={str(dataset.training_ready).lower()}"
        )
        return dataset, {
            "title": "Dataset not ready for training",
            "text": text,
            "url": dataset.get_absolute_url(),
            "label": f"Go to “{dataset.name}”",
        }
    return dataset, {}


def _nothing_on_offer() -> dict[str, str]:
    for model, label in ((GpuType, "GPU type"), (BaseModel, "base model")):
        if not model.objects.filter(is_active=True).exists():
            return {
                "title": f"No {label} on offer",
                "text": f"No {label} is active. An administrator can activate one in the admin.",
                "url": reverse("datasets:list"),
                "label": "Go to Datasets",
            }
    return {}


def _choices(form: ConfigureForm) -> dict[str, Any]:
    """What the page offers beside the form's sliders."""
    gpu = form["gpu_type"].value()
    return {
        "presets": PRESETS.values(),
        "preset_values": {
            preset.id: {"name": preset.name, "values": preset.hyperparameters.to_dict()} for preset in PRESETS.values()
        },
        "base_preset": PRESETS.get(form["preset_id"].value(), PRESETS[DEFAULT]),
        "gpu_types": GpuType.objects.filter(is_active=True),
        "chosen_gpu": gpu.name if isinstance(gpu, GpuType) else gpu,
    }


def _estimate_context(form: ConfigureForm, dataset: Dataset) -> dict[str, Any]:
    """``estimate`` for the form's values (a fresh form's are its initial ones), or ``estimate_errors``."""
    if form.is_bound and not form.is_valid():
        labels = {name: field.label or name for name, field in form.fields.items()}
        return {
            "estimate": None,
            "estimate_errors": {labels.get(name, ""): list(found) for name, found in form.errors.items()},
        }
    values = form.cleaned_data if form.is_bound else form.initial
    price = services.job_estimate(
        dataset=dataset,
        gpu_type=values["gpu_type"],
        gpu_count=values["gpu_count"],
        batch_size=int(values["batch_size"]),
        epochs=int(values["epochs"]),
    )
    return {
        "estimate": estimate_data(price, dataset_name=dataset.name),
        "shown_hours": fixed(float(cents(price.duration_hours)), places=1),
        "estimate_errors": {},
    }


def _visible_job(request: SignedInRequest, job_id: UUID) -> TrainingJob:
    rows = TrainingJob.objects.visible_to(request.user).select_related("dataset", "base_model")
    return get_object_or_404(rows, pk=job_id)


def _job_context(request: SignedInRequest, job_id: UUID) -> dict[str, Any]:
    job = _visible_job(request, job_id)
    return {
        "job": job,
        "events": job.events.all(),
        "artifact": job.artifacts.filter(kind=Artifact.Kind.ADAPTER).first(),
        "ran_on_cpu": job.device == "cpu",
        "quote_differs": services.quote_differs(job),
        "duration": _duration(job),
        "stage": job.current_stage.replace("_", " "),
        "learning_rate": f"{job.current_metrics.get('learning_rate') or 0:.2e}",
        "hyperparameters": [(limit.label, shown(name, job.hyperparameters[name])) for name, limit in LIMITS.items()],
    }


def _duration(job: TrainingJob) -> str:
    """How long it has been worked on, to the second while that matters: "46 s", "12 min 3 s", "5 h 20 min"."""
    if job.started_at is None:
        return ""
    seconds = int(((job.finished_at or timezone.now()) - job.started_at).total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
