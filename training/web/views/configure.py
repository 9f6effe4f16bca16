"""The configure page and its live estimate."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.forms import UUIDField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import reswap, retarget

from datasets.models import Dataset
from pipeline.accounts.quotas import QuotaExceeded
from pipeline.accounts.throttling import CREATE, ESTIMATE, throttled
from pipeline.http import SignedInRequest
from training.core.presets import DEFAULT, PRESETS
from training.jobs import start
from training.jobs.base_models import CannotBeLoaded
from training.jobs.data import DatasetNotReady
from training.jobs.idempotency import KeyReused, once
from training.models import BaseModel, GpuType, TrainingJob
from training.web import data_fits
from training.web.forms.configure import ConfigureForm
from training.web.views.estimates import Problem, estimate_context, open_check

PAGE = "training/configure.html"
REFUSALS = (DatasetNotReady, start.NoBaseModel, CannotBeLoaded, start.DoesNotFit, QuotaExceeded)
"""Why a job is not started, beside what is wrong with its data."""
NOT_ASKED = ("quoted_cost", "within_hours")
"""Fields that make no other job."""


@login_required
@require_http_methods(["GET", "POST"])
@throttled(CREATE)
def configure(request: SignedInRequest) -> HttpResponse:
    """Show the form with its first estimate; a POST starts the job, or changes what the pressed button says."""
    probe = _probe(request)
    raw_id = request.POST.get("dataset_id") or request.GET.get("datasetId", "")
    dataset, problem = _dataset_for(request, str(probe.dataset_id) if probe and not raw_id else raw_id, _whole)
    if dataset is None or problem or (problem := _nothing_on_offer()):
        return render(request, PAGE, {"dataset": dataset, "problem": problem})
    if request.method == "POST" and "change" not in request.POST:
        return _start(request, ConfigureForm(request.POST), dataset)
    if request.method == "POST":
        form = ConfigureForm(request.POST).changed(request.POST["change"])
    else:
        like = probe if "datasetId" not in request.GET else None  # later, the address has every setting
        form = ConfigureForm.opened(dataset, request.GET.dict(), like)
    return render(request, PAGE, _context(form, dataset, probe))


@login_required
@require_POST
@throttled(ESTIMATE)
def estimate(request: SignedInRequest) -> HttpResponse:
    """The cost card for the form as it stands, and every other choice of hardware.

    Asked how the check of the data gets on, it says just that, until there is a card to be priced anew.
    """
    dataset, problem = _dataset_for(request, request.POST.get("dataset_id", ""), Dataset.with_figures)
    if dataset is None or problem:
        context: dict[str, Any] = {"is_update": True, "problems": [Problem(label="Dataset", text=problem["text"])]}
    else:
        form = ConfigureForm(request.POST)
        if "check" in request.POST and (checked := open_check(form, dataset)):
            return render(request, "training/_data_fit.html", {"data": checked})
        context = {"form": form, "is_update": True, **estimate_context(form, dataset)}
    return retarget(reswap(render(request, "training/_estimate.html", context), "innerHTML"), "#estimate")


def _start(request: SignedInRequest, form: ConfigureForm, dataset: Dataset) -> HttpResponse:
    """Start what the form asks for and go to its monitor, or say at the form why not."""
    try:
        if form.is_valid():
            job, is_repeated = _started(request, form, dataset)
            if not is_repeated:
                messages.success(request, "Training job created and queued for processing")
            return redirect(job)
    except KeyReused:
        form = form.renewed()
        form.full_clean()
        form.add_error(None, "This page has started a job already. To start another one, press Start again.")
    except (*REFUSALS, *data_fits.REFUSALS) as error:
        form.add_error(None, str(error))
    return render(request, PAGE, _context(form, dataset, None), status=422)


def _started(request: SignedInRequest, form: ConfigureForm, dataset: Dataset) -> tuple[TrainingJob, bool]:
    """The job, and whether the same request had started it before. Raises KeyReused where it was deleted since."""
    is_probe = "probe" in request.POST
    asked = {name: str(value) for name, value in form.cleaned_data.items() if name not in NOT_ASKED}
    wanted = form.job_request(dataset, probe=is_probe)
    job, _, is_repeated = once(
        form.cleaned_data["idempotency_key"],
        user=request.user,
        asked=asked | {"probe": is_probe},
        create=lambda: (start.job_submit(wanted, user=request.user), {}),
    )
    if job is None:
        raise KeyReused
    return job, is_repeated


def _context(form: ConfigureForm, dataset: Dataset, probe: TrainingJob | None) -> dict[str, Any]:
    return {
        "dataset": dataset,
        "form": form,
        "probe": probe,
        "probe_hours": probe.plan.hours_at(probe.measurement.tokens_per_second) if probe else None,
        "presets": PRESETS.values(),
        "preset_values": {preset.id: {"name": preset.name, "values": preset.values} for preset in PRESETS.values()},
        "base_preset": PRESETS.get(form["preset_id"].value(), PRESETS[DEFAULT]),
        "gpu_types": GpuType.objects.filter(is_active=True),
        "option_fields": [form[name] for name in ("micro_batch_size", "quantization", "precision")],
        "chosen_gpu": form.fields["gpu_type"].prepare_value(form["gpu_type"].value()),
        "first_settings": form.first_settings,
        **estimate_context(form, dataset),
    }


def _probe(request: SignedInRequest) -> TrainingJob | None:
    """The finished dry run that the page was opened with, of the user's own."""
    try:
        probe_id = UUIDField(required=False).clean(request.GET.get("probe", ""))
    except ValidationError:
        return None
    jobs = TrainingJob.objects.visible_to(request.user).select_related("plan", "measurement", "base_model")
    return jobs.filter(pk=probe_id, plan__is_probe=True, measurement__isnull=False).first() if probe_id else None


def _whole(dataset_id: Any, user: AbstractBaseUser) -> Dataset | None:
    return Dataset.objects.visible_to(user).filter(pk=dataset_id).first()


def _dataset_for(
    request: SignedInRequest, raw_id: str, find: Callable[[Any, Any], Dataset | None]
) -> tuple[Dataset | None, dict[str, str]]:
    """The data set to train on, or what is in the way and the way out. ``find``: by its id and its user."""
    way_out = {"url": reverse("datasets:list"), "label": "Go to Datasets"}
    if not raw_id:
        text = "No dataset selected. Please select a dataset from the datasets page."
        return None, {"title": "No dataset selected", "text": text} | way_out
    try:
        dataset_id = UUIDField().clean(raw_id)
    except ValidationError:
        dataset_id = None
    dataset = find(dataset_id, request.user) if dataset_id else None
    if dataset is None:
        text = "Dataset not found or access denied"
        return None, {"title": "Dataset not found", "text": text} | way_out
    if not dataset.is_trainable:
        title = "Dataset not ready for training"
        way_out = {"url": dataset.get_absolute_url(), "label": f"Go to “{dataset.name}”"}
        return dataset, {"title": title, "text": f"{title}. {dataset.why_not_trainable}"} | way_out
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
