"""The list of jobs and the monitor of one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from pipeline.http import SignedInRequest
from training import services
from training.core.hyperparameters import LIMITS
from training.forms import RetryForm, shown
from training.models import TrainingJob
from training.waiting import waiting

JOBS_PER_PAGE = 20
CHART_FIELDS = ("loss", "evaluation_loss", "learning_rate", "tokens_per_second")


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
    try:
        services.job_cancel(job=job, user=request.user)
    except services.JobRefused as error:
        messages.error(request, f"{error}.")
    else:
        if job.is_active:
            messages.info(request, "The job will stop within moments.")
        else:
            messages.success(request, "The job was cancelled.")
    return redirect(job)


@login_required
@require_POST
def retry(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    job = _visible_job(request, job_id)
    form = RetryForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["max_cost"])))
        return redirect(job)
    try:
        services.job_retry(job=job, user=request.user, max_cost=form.cleaned_data["max_cost"])
    except (services.JobRefused, services.DatasetNotReady) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The job is queued again.")
    return redirect(job)


def _visible_job(request: SignedInRequest, job_id: UUID) -> TrainingJob:
    rows = TrainingJob.objects.visible_to(request.user)
    rows = rows.select_related("dataset", "base_model", "plan", "measurement")
    return get_object_or_404(rows, pk=job_id)


def _job_context(request: SignedInRequest, job_id: UUID) -> dict[str, Any]:
    job = _visible_job(request, job_id)
    return {
        "job": job,
        "events": job.events.all(),
        "waiting": waiting(job),
        "is_partial": job.status != TrainingJob.Status.COMPLETED,
        "can_retry": job.status in (TrainingJob.Status.FAILED, TrainingJob.Status.CANCELLED),
        "artifact": job.adapter,
        "ran_on_cpu": job.device == "cpu",
        "quote_differs": services.quote_differs(job),
        "duration": _duration(job),
        "now": timezone.now(),
        "time_left": _time_left(job),
        "stage": job.current_stage.replace("_", " "),
        "learning_rate": f"{job.current_metrics.get('learning_rate') or 0:.2e}",
        "hyperparameters": [(limit.label, shown(name, job.hyperparameters[name])) for name, limit in LIMITS.items()],
    }


def _duration(job: TrainingJob) -> str:
    """How long it has been worked on."""
    if job.started_at is None:
        return ""
    return _in_words(((job.finished_at or timezone.now()) - job.started_at).total_seconds())


def _time_left(job: TrainingJob) -> str:
    if job.expected_finish_at is None:
        return ""
    return _in_words(max(0.0, (job.expected_finish_at - timezone.now()).total_seconds()))


def _in_words(seconds: float) -> str:
    """To the second while that matters: "46 s", "12 min 3 s", "5 h 20 min"."""
    whole = int(seconds)
    minutes, hours = whole // 60, whole // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
