"""Base and adapter side by side: the page to try a job's adapter on, and the prompts that its data have for that."""

from dataclasses import asdict
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from pipeline.http import SignedInRequest
from training.jobs.prompts import prompts_for
from training.models import TrainingJob
from training.web import trying
from training.web.views.jobs import visible_job


@login_required
@require_GET
def try_out(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The page, or why there is nothing to try and the way back."""
    job = visible_job(request, job_id)
    if problem := trying.why_not(job):
        return render(request, "training/try.html", {"job": job, "problem": problem}, status=404)
    context = {"job": job, "choices": trying.choices(job, request.user), "most": trying.MOST_ADAPTERS}
    return render(request, "training/try.html", context)


@login_required
@require_GET
def try_prompts(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """The part of the page that rows of the data stand in."""
    rows = TrainingJob.objects.visible_to(request.user).select_related(
        "dataset__version", "base_model", "dataset_version__dataset", "evaluation_version__dataset"
    )
    prompts = prompts_for(get_object_or_404(rows, pk=job_id))
    asked = [asdict(prompt) for prompt in prompts.found]
    return render(request, "training/_try_prompts.html", {"prompts": prompts, "asked": asked})
