"""Jobs: started, listed, shown."""

import json
from dataclasses import fields
from typing import Any
from uuid import UUID

from rest_framework import status as http
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.web.api.access import visible_dataset
from pipeline.accounts.throttling import CREATE
from pipeline.api import Problem, success
from pipeline.http import api_user
from pipeline.pagination import Pages
from training.estimates.catalogue import catalogue
from training.jobs import data_fits, start
from training.jobs.actions import JobRefused
from training.jobs.deletion import job_delete
from training.jobs.idempotency import once
from training.jobs.labels import job_describe
from training.jobs.search import Search
from training.models import TrainingJob
from training.models.querysets import LONG_OF_DATASET
from training.web.api import described
from training.web.api.access import visible_job
from training.web.api.refusals import REFUSALS, refusal
from training.web.requests import JobListQuery, JobRequestSerializer, LabelsSerializer
from training.web.serializers import JobDetailSerializer, JobSerializer, JobWithDatasetSerializer

LONGEST_KEY = 255


class JobsPages(Pages):
    """The list of jobs that are looked for, in the order that is asked for."""

    query = JobListQuery

    def __init__(self, request: Request) -> None:
        """Raises ValidationError."""
        super().__init__(request)
        names = [field.name for field in fields(Search)]
        self.search = Search(**{name: self.asked[name] for name in names if name in self.asked})
        self.keyset = self.search.keyset


class JobsView(APIView):
    """The user's jobs."""

    throttle_scopes = {"POST": CREATE}

    @described.started
    def post(self, request: Request) -> Response:
        """Start one."""
        serializer = JobRequestSerializer(data=request.data, context={"catalogue": catalogue()})
        serializer.is_valid(raise_exception=True)
        dataset = visible_dataset(request, serializer.validated_data["dataset_id"])
        asked = start.JobRequest(dataset=dataset, **serializer.job)
        try:
            _, data, is_repeated = once(
                _idempotency_key(request),
                user=api_user(request),
                asked=request.data,
                create=lambda: _started(asked, request),
            )
        except REFUSALS as error:
            if isinstance(error, data_fits.BeingChecked):
                data_fits.wanted(asked.run)  # what was asked for in the job's transaction ended with it
            raise refusal(error) from error
        headers = {"Idempotent-Replayed": "true"} if is_repeated else None
        return success(data, status=http.HTTP_201_CREATED, headers=headers)

    @described.listed
    def get(self, request: Request) -> Response:
        """Those that are looked for, the newest first unless told otherwise."""
        pages = JobsPages(request)
        jobs = TrainingJob.objects.visible_to(request.user).select_related("dataset", "base_model")
        jobs = jobs.defer(*LONG_OF_DATASET)
        rows = pages.paginate_queryset(pages.search.among(jobs, api_user(request)))
        data = JobWithDatasetSerializer(rows, many=True).data
        return success({"jobs": data, "pagination": pages.summary})


class JobView(APIView):
    """One job."""

    @described.read
    def get(self, request: Request, job_id: UUID) -> Response:
        """With its history, its plan and what it measured."""
        return success(JobDetailSerializer(visible_job(request, job_id)).data)

    @described.changed
    def patch(self, request: Request, job_id: UUID) -> Response:
        """Its name, tags and note, in any status."""
        serializer = LabelsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        job = visible_job(request, job_id)
        job_describe(job, serializer.labels)
        return success(JobDetailSerializer(job).data)

    @described.deleted
    def delete(self, request: Request, job_id: UUID) -> Response:
        """With all that it left, once it is over."""
        try:
            job_delete(job=visible_job(request, job_id), user=api_user(request))
        except JobRefused as error:
            raise Problem("The job cannot be deleted", str(error), status=http.HTTP_409_CONFLICT) from error
        return success({"id": str(job_id), "deleted": True})


def _started(asked: start.JobRequest, request: Request) -> tuple[TrainingJob, dict[str, Any]]:
    """A new job, and the answer as it is sent: to be sent again."""
    job = start.job_submit(asked, user=api_user(request))
    data = json.loads(JSONRenderer().render(JobSerializer(job).data))
    return job, data | ({"quote_differs": True} if start.quote_differs(job) else {})


def _idempotency_key(request: Request) -> str:
    """The header's value; empty without one. Raises Problem."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY or not key.isprintable():
        message = f"Must be at most {LONGEST_KEY} printable characters; a UUID does well."
        raise Problem("Validation error", {"Idempotency-Key": [message]})
    return key
