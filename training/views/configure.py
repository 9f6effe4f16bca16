"""The configure page and its live estimate."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import UUIDField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from datasets.models import Dataset
from pipeline.http import SignedInRequest
from training import services
from training.core.presets import DEFAULT, PRESETS
from training.forms import ConfigureForm
from training.idempotency import KeyReused, once
from training.models import BaseModel, GpuType, TrainingJob
from training.views.estimates import estimate_context

NOT_ASKED = ("quoted_cost", "within_hours")
"""Fields that make no other job."""


@login_required
@require_http_methods(["GET", "POST"])
def configure(request: SignedInRequest) -> HttpResponse:
    """Show the form with its first estimate; a POST starts the job, or changes what the pressed button says."""
    probe = _probe(request)
    raw_id = request.POST.get("dataset_id") or request.GET.get("datasetId", "")
    dataset, problem = _dataset_for(request, str(probe.dataset_id) if probe and not raw_id else raw_id)
    if dataset is None or problem:
        return render(request, "training/configure.html", {"dataset": dataset, "problem": problem})
    if problem := _nothing_on_offer():
        return render(request, "training/configure.html", {"dataset": dataset, "problem": problem})
    form = ConfigureForm(request.POST or None, initial=ConfigureForm.initial_values(probe) | {"dataset_id": dataset.pk})
    is_start = form.is_bound and "change" not in request.POST
    if form.is_bound and not is_start:
        form = form.changed(request.POST["change"])
    if is_start and form.is_valid():
        try:
            job, _, is_repeated = once(
                form.cleaned_data["idempotency_key"],
                user=request.user,
                asked={name: str(value) for name, value in form.cleaned_data.items() if name not in NOT_ASKED}
                | {"probe": "probe" in request.POST},
                create=lambda: (_submit(request, form, dataset), {}),
            )
        except KeyReused:
            form = form.renewed()
            form.full_clean()
            form.add_error(None, "This page has started a job already. To start another one, press Start again.")
        except (services.DatasetNotReady, services.NoBaseModel, services.DoesNotFit) as error:
            form.add_error(None, str(error))
        else:
            if not is_repeated:
                messages.success(request, "Training job created and queued for processing")
            return redirect(job)
    context = {
        "dataset": dataset,
        "form": form,
        "probe": probe,
        "probe_hours": probe.plan.hours_at(probe.measurement.tokens_per_second) if probe else None,
        **_choices(form),
        **estimate_context(form, dataset),
    }
    return render(request, "training/configure.html", context, status=422 if is_start and form.errors else 200)


def _submit(request: SignedInRequest, form: ConfigureForm, dataset: Dataset) -> TrainingJob:
    chosen = form.cleaned_data
    return services.job_submit(
        user=request.user,
        dataset=dataset,
        preset_id=form.chosen_preset(),
        gpu_type=chosen["gpu_type"],
        gpu_count=chosen["gpu_count"],
        hyperparameters=form.cleaned_hyperparameters(),
        base_model=chosen["base_model"],
        quoted_cost=chosen["quoted_cost"],
        max_cost=chosen["max_cost"],
        options=form.chosen_options(),
        use_list=chosen["use_list"],
        allow_oom=chosen["allow_oom"],
        probe="probe" in request.POST,
    )


@login_required
@require_POST
def estimate(request: SignedInRequest) -> HttpResponse:
    """The cost card for the form as it stands, and every other choice of hardware."""
    dataset, problem = _dataset_for(request, request.POST.get("dataset_id", ""))
    if dataset is None or problem:
        context: dict[str, Any] = {"estimate": None, "estimate_errors": {"Data set": [problem["text"]]}}
    else:
        form = ConfigureForm(request.POST)
        context = {"form": form, "is_update": True, **estimate_context(form, dataset)}
    return render(request, "training/_estimate.html", context)


def _probe(request: SignedInRequest) -> TrainingJob | None:
    """The finished dry run that the page was opened with, of the user's own."""
    try:
        probe_id = UUIDField(required=False).clean(request.GET.get("probe", ""))
    except ValidationError:
        return None
    jobs = TrainingJob.objects.visible_to(request.user).select_related("plan", "measurement", "base_model")
    return jobs.filter(pk=probe_id, plan__is_probe=True, measurement__isnull=False).first() if probe_id else None


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
        "option_fields": [form[name] for name in ("micro_batch_size", "quantization", "precision")],
        "chosen_gpu": gpu.name if isinstance(gpu, GpuType) else gpu,
    }
