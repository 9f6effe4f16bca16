"""What is done with a job that is there: cancelled, retried, its adapter taken away."""

from uuid import UUID

from django.http import FileResponse, Http404
from rest_framework import status as http
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pipeline.accounts.throttling import CREATE
from pipeline.api import Problem, success
from pipeline.http import api_user
from training.jobs import actions
from training.jobs.data import DatasetNotReady
from training.web.api import described
from training.web.api.access import visible_job
from training.web.requests import RetryRequestSerializer, budget_of
from training.web.serializers import JobDetailSerializer


class CancelView(APIView):
    """Stop a job."""

    @described.cancelled
    def post(self, request: Request, job_id: UUID) -> Response:
        """Now, or as soon as its worker sees it."""
        job = visible_job(request, job_id)
        try:
            actions.job_cancel(job=job, user=api_user(request))
        except actions.JobRefused as error:
            raise Problem(str(error), status=http.HTTP_409_CONFLICT) from error
        return success(JobDetailSerializer(job).data)


class RetryView(APIView):
    """Queue a failed or cancelled job again, from its last checkpoint."""

    throttle_scopes = {"POST": CREATE}

    @described.retried
    def post(self, request: Request, job_id: UUID) -> Response:
        """With a higher budget, if one is given."""
        serializer = RetryRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        job = visible_job(request, job_id)
        try:
            actions.job_retry(job=job, user=api_user(request), max_cost=budget_of(serializer.validated_data))
        except DatasetNotReady as error:
            raise Problem("Dataset not ready for training", str(error)) from error
        except actions.JobRefused as error:
            raise Problem("The job cannot be retried", str(error), status=http.HTTP_409_CONFLICT) from error
        return success(JobDetailSerializer(job).data)


class AdapterView(APIView):
    """The adapter as a zip, for browsers and scripts alike; of a stopped run, what it had learned by then."""

    @described.adapter
    def get(self, request: Request, job_id: UUID) -> FileResponse:
        """Raises Http404 where there is none (yet), or its file is gone."""
        artifact = visible_job(request, job_id).adapter
        if artifact is None:
            raise Http404("The job has no adapter to download (yet)")
        try:
            file = artifact.file.open("rb")
        except FileNotFoundError as error:
            raise Http404("The adapter's file is no longer in storage. Start the job again.") from error
        return FileResponse(file, as_attachment=True, filename=artifact.file_name)
