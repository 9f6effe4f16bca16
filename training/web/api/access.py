"""Which job a request may see."""

from uuid import UUID

from rest_framework import status as http
from rest_framework.request import Request

from pipeline.api import Problem
from training.models import TrainingJob


def visible_job(request: Request, job_id: UUID) -> TrainingJob:
    """The user's own; another user's looks like none. Raises Problem."""
    jobs = TrainingJob.objects.visible_to(request.user).select_related("dataset", "base_model")
    job: TrainingJob | None = jobs.filter(pk=job_id).first()
    if job is None:
        raise Problem("Job not found or access denied", status=http.HTTP_404_NOT_FOUND)
    return job
