"""What is done to a job from its page."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pipeline.accounts.quotas import QuotaExceeded
from pipeline.accounts.throttling import CREATE, throttled
from pipeline.http import SignedInRequest
from training.core import labels
from training.jobs import actions
from training.jobs.data import DatasetNotReady
from training.jobs.deletion import job_delete
from training.jobs.labels import job_describe
from training.web.forms.configure import address_of
from training.web.forms.jobs import RetryForm
from training.web.forms.labels import LabelsForm
from training.web.views.jobs import visible_job


@login_required
@require_GET
def again(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """To the configure page, with everything set as in the job."""
    return redirect(f"{reverse('training:configure')}?{address_of(visible_job(request, job_id))}")


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """Its name, tags and note."""
    job = visible_job(request, job_id)
    form = LabelsForm(request.POST or None, initial={name: getattr(job, name) for name in labels.FIELDS})
    if request.method == "POST" and form.is_valid():
        job_describe(job, form.labels)
        return redirect(job)
    return render(request, "training/edit.html", {"job": job, "form": form}, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """Ask whether it is meant, and do it."""
    job = visible_job(request, job_id)
    if request.method == "GET":
        return render(request, "training/delete.html", {"job": job})
    try:
        job_delete(job=job, user=request.user)
    except actions.JobRefused:  # the page says why and what to do
        job.refresh_from_db()
        return render(request, "training/delete.html", {"job": job}, status=409)
    messages.success(request, f"“{job.title}” was deleted")
    return redirect("training:jobs")


@login_required
@require_POST
def cancel(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """Stop it, and go back to its monitor."""
    job = visible_job(request, job_id)
    try:
        actions.job_cancel(job=job, user=request.user)
    except actions.JobRefused as error:
        messages.error(request, f"{error}.")
    else:
        if job.is_active:
            messages.info(request, "The job will stop within moments.")
        else:
            messages.success(request, "The job was cancelled.")
    return redirect(job)


@login_required
@require_POST
@throttled(CREATE)
def retry(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """Queue it again, and go back to its monitor."""
    job = visible_job(request, job_id)
    form = RetryForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["max_cost"])))
        return redirect(job)
    try:
        actions.job_retry(job=job, user=request.user, max_cost=form.cleaned_data["max_cost"])
    except (actions.JobRefused, DatasetNotReady, QuotaExceeded) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The job is queued again.")
    return redirect(job)
