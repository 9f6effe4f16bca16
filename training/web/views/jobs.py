"""The list of jobs and the monitor of one."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from pipeline.http import SignedInRequest
from pipeline.pagination import list_page, turning_pages
from training.core.gpu_names import CPU
from training.core.hyperparameters import LIMITS
from training.jobs.curves import curves
from training.jobs.start import quote_differs
from training.jobs.waiting import waiting
from training.models import TrainingJob
from training.models.querysets import LONG_OF_DATASET
from training.trainer.protocol import Data
from training.web import monitor
from training.web.comparison import FEWEST, MOST
from training.web.forms.fields import shown
from training.web.forms.jobs import CurvesForm
from training.web.forms.search import SearchForm

JOBS_PER_PAGE = 20


@login_required
@require_GET
@turning_pages
def jobs(request: SignedInRequest) -> HttpResponse:
    """The list of those that are looked for; the part that is asked for again while jobs are active."""
    form = SearchForm(request.GET, user=request.user)
    search = form.search
    rows = TrainingJob.objects.visible_to(request.user).select_related("dataset", "base_model")
    page = list_page(request, search.among(rows.defer(*LONG_OF_DATASET), request.user), JOBS_PER_PAGE, search.keyset)
    context = {
        "page": page,
        "rows": [(job, monitor.outcome(job)) for job in page.rows],
        "any_active": any(job.is_active for job in page.rows),
        "form": form,
        "search": search,
        "statuses": TrainingJob.Status.choices,
        "fewest": FEWEST,
        "most": MOST,
    }
    template = "training/_jobs_table.html" if request.htmx and not request.htmx.boosted else "training/jobs.html"
    return render(request, template, context)


@login_required
@require_GET
def job(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The monitor."""
    return render(request, "training/job.html", _job_context(request, job_id))


@login_required
@require_GET
def job_status(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The part of the monitor that is asked for again while the job is active."""
    return render(request, "training/_job.html", _job_context(request, job_id))


@login_required
@require_GET
def job_metrics(request: SignedInRequest, job_id: UUID) -> JsonResponse:
    """The curves, from the step on that the page has (``?attempt=2&after=130``)."""
    asked = CurvesForm(request.GET)
    known = asked.cleaned_data if asked.is_valid() else {}
    return JsonResponse(
        curves(visible_job(request, job_id), attempt=known.get("attempt") or 0, after=known.get("after") or 0)
    )


def visible_job(request: SignedInRequest, job_id: UUID) -> TrainingJob:
    """The user's own. Raises Http404."""
    rows = TrainingJob.objects.visible_to(request.user)
    rows = rows.select_related("dataset", "base_model", "plan", "measurement")
    job: TrainingJob = get_object_or_404(rows, pk=job_id)
    return job


def _job_context(request: SignedInRequest, job_id: UUID) -> dict[str, Any]:
    job = visible_job(request, job_id)
    place, artifact = waiting(job), job.adapter
    is_done = job.status == TrainingJob.Status.COMPLETED and not (hasattr(job, "plan") and job.plan.is_probe)
    return {
        "job": job,
        "events": job.events.all(),
        "waiting": place,
        "expected_start": monitor.expected_start(place) if place else "",
        "own_ahead": monitor.own_ahead(place) if place else [],
        "is_partial": job.status != TrainingJob.Status.COMPLETED,
        "can_retry": job.status in (TrainingJob.Status.FAILED, TrainingJob.Status.CANCELLED),
        "artifact": artifact,
        "folder": artifact.file_name.removesuffix(".zip") if artifact else "",
        "shows_result": is_done or (artifact is not None and not job.is_active),
        "ran_on_cpu": job.device == CPU,
        "quote_differs": quote_differs(job),
        "cpu_rate": settings.CPU_HOURLY_RATE,
        "duration": monitor.duration(job),
        "epoch": monitor.epoch(job),
        "log": job.log_tail,
        "time_left": monitor.time_left(job),
        "data": Data(**job.data) if job.data else None,
        "stage": job.current_stage.replace("_", " "),
        "learning_rate": f"{job.current_metrics.get('learning_rate') or 0:.2e}",
        "hyperparameters": [(LIMITS[name].label, shown(name, value)) for name, value in job.settings.to_dict().items()],
    }
