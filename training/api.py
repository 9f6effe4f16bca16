"""The JSON API of jobs: /api/jobs/estimate, /api/jobs, /api/jobs/<id>."""

import json
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404
from rest_framework import status as http
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.models import Dataset
from pipeline.api import Problem, success
from pipeline.http import api_user
from training import services
from training.core.estimate import cents
from training.core.forecast import LIST
from training.core.hyperparameters import Hyperparameters
from training.core.presets import PRESETS
from training.estimating import Estimator, RunSettings
from training.idempotency import KeyReused, once
from training.models import BaseModel, GpuType, TrainingJob
from training.outlook import outlook_data, refusal_data
from training.serializers import (
    EstimateRequestSerializer,
    JobDetailSerializer,
    JobListQuerySerializer,
    JobRequestSerializer,
    JobSerializer,
    JobWithDatasetSerializer,
    RetryRequestSerializer,
)

LONGEST_KEY = 255
DROPOUT_OF_CUSTOM = 0.1
"""The Balanced preset's, for scripts that leave dropout out; alpha is then twice the rank, as in every preset."""


def visible_dataset(request: Request, dataset_id: UUID) -> Dataset:
    dataset = Dataset.objects.visible_to(request.user).filter(pk=dataset_id).first()
    if dataset is None:
        raise Problem("Dataset not found or access denied", status=http.HTTP_404_NOT_FOUND)
    return dataset


def visible_job(request: Request, job_id: UUID) -> TrainingJob:
    jobs = TrainingJob.objects.visible_to(request.user).select_related("dataset", "base_model")
    job = jobs.filter(pk=job_id).first()
    if job is None:
        raise Problem("Job not found or access denied", status=http.HTTP_404_NOT_FOUND)
    return job


class EstimateView(APIView):
    def post(self, request: Request) -> Response:
        serializer = EstimateRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        dataset = visible_dataset(request, asked["dataset_id"])
        run = RunSettings(
            dataset=dataset,
            base_model=asked.get("base_model") or default_base_model(),
            batch_size=asked["hyperparameters"]["batch_size"],
            epochs=asked["hyperparameters"]["epochs"],
            rank=asked["hyperparameters"]["rank"],
            options=serializer.options,
            use_list=asked["basis"] == LIST,
        )
        gpu = asked["gpu_config"]
        gpu_types = GpuType.objects.filter(is_active=True) if asked["alternatives"] else [gpu["type"]]
        return success(
            outlook_data(
                Estimator(run, gpu_types),
                gpu["type"],
                gpu["count"],
                with_alternatives=asked["alternatives"],
                within_hours=asked.get("within_hours"),
            )
        )


def default_base_model() -> BaseModel:
    try:
        return services.default_base_model()
    except services.NoBaseModel as error:
        raise Problem("Failed to estimate cost", str(error), status=http.HTTP_409_CONFLICT) from error


class JobsView(APIView):
    def post(self, request: Request) -> Response:
        serializer = JobRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        dataset = visible_dataset(request, asked["dataset_id"])

        def create() -> tuple[TrainingJob, dict[str, Any]]:
            job = services.job_submit(
                user=api_user(request),
                dataset=dataset,
                preset_id=asked["preset_id"],
                gpu_type=asked["gpu_config"]["type"],
                gpu_count=asked["gpu_config"]["count"],
                hyperparameters=complete_hyperparameters(asked["preset_id"], asked["hyperparameters"]),
                base_model=asked.get("base_model"),
                quoted_cost=cents(asked["estimated_cost"]),
                max_cost=budget(asked),
                options=serializer.options,
                use_list=asked["basis"] == LIST,
                allow_oom=asked["allow_oom"],
                probe=asked["probe"],
            )
            data = json.loads(JSONRenderer().render(JobSerializer(job).data))  # as it is sent, to be sent again
            if services.quote_differs(job):
                data["quote_differs"] = True
            return job, data

        try:
            _, data, is_repeated = once(
                idempotency_key(request), user=api_user(request), asked=request.data, create=create
            )
        except services.DatasetNotReady as error:
            raise Problem("Dataset not ready for training", str(error)) from error
        except (services.NoBaseModel, KeyReused) as error:
            raise Problem("Failed to create training job", str(error), status=http.HTTP_409_CONFLICT) from error
        except services.DoesNotFit as error:
            details = {"message": str(error)} | refusal_data(error.fit, error.remedies)
            raise Problem("Does not fit into GPU memory", details, status=http.HTTP_409_CONFLICT) from error
        headers = {"Idempotent-Replayed": "true"} if is_repeated else None
        return success(data, status=http.HTTP_201_CREATED, headers=headers)

    def get(self, request: Request) -> Response:
        serializer = JobListQuerySerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        page, limit = serializer.validated_data["page"], serializer.validated_data["limit"]
        jobs = TrainingJob.objects.visible_to(request.user).select_related("dataset", "base_model")
        if wanted := serializer.validated_data.get("status"):
            jobs = jobs.filter(status=wanted)
        total = jobs.count()
        offset = (page - 1) * limit
        return success(
            {
                "jobs": JobWithDatasetSerializer(jobs[offset : offset + limit], many=True).data,
                "pagination": {
                    "page": page,
                    "limit": limit,
                    "total": total,
                    "totalPages": ceil(total / limit),
                },
            }
        )


class JobView(APIView):
    def get(self, request: Request, job_id: UUID) -> Response:
        return success(JobDetailSerializer(visible_job(request, job_id)).data)


class CancelView(APIView):
    def post(self, request: Request, job_id: UUID) -> Response:
        job = visible_job(request, job_id)
        try:
            services.job_cancel(job=job, user=api_user(request))
        except services.JobRefused as error:
            raise Problem(str(error), status=http.HTTP_409_CONFLICT) from error
        return success(JobDetailSerializer(job).data)


class RetryView(APIView):
    """Queue a failed or cancelled job again, from its last checkpoint."""

    def post(self, request: Request, job_id: UUID) -> Response:
        serializer = RetryRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        job = visible_job(request, job_id)
        try:
            services.job_retry(job=job, user=api_user(request), max_cost=budget(serializer.validated_data))
        except services.DatasetNotReady as error:
            raise Problem("Dataset not ready for training", str(error)) from error
        except services.JobRefused as error:
            raise Problem("The job cannot be retried", str(error), status=http.HTTP_409_CONFLICT) from error
        return success(JobDetailSerializer(job).data)


class AdapterView(APIView):
    """The adapter as a zip, for browsers and scripts alike; of a stopped run, what it had learned by then."""

    def get(self, request: Request, job_id: UUID) -> FileResponse:
        artifact = visible_job(request, job_id).adapter
        if artifact is None:
            raise Http404("The job has no adapter to download (yet)")
        try:
            file = artifact.file.open("rb")
        except FileNotFoundError as error:
            raise Http404("The adapter's file is no longer in storage. Start the job again.") from error
        return FileResponse(file, as_attachment=True, filename=artifact.file_name)


def idempotency_key(request: Request) -> str:
    """The header's value; empty without one. Raises Problem."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY or not key.isprintable():
        message = f"Must be at most {LONGEST_KEY} printable characters; a UUID does well."
        raise Problem("Validation error", {"Idempotency-Key": [message]})
    return key


def budget(asked: dict[str, Any]) -> Decimal | None:
    return None if asked.get("max_cost") is None else cents(asked["max_cost"])


def complete_hyperparameters(preset_id: str, values: dict[str, Any]) -> Hyperparameters:
    """Fill in what the specification leaves optional: alpha and dropout."""
    preset = PRESETS.get(preset_id)
    return Hyperparameters.from_mapping(
        {
            "alpha": 2 * values["rank"],
            "dropout": preset.hyperparameters.dropout if preset else DROPOUT_OF_CUSTOM,
        }
        | values
    )
