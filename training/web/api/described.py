"""How each operation on jobs is described: decorators of the views' methods."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from pipeline.schema.automatic import Refusal
from pipeline.schema.components import CONFLICT, NOT_FOUND
from pipeline.schema.parameters import FILE_NAME
from training.web.lists import JobListSerializer, StartedJobSerializer
from training.web.requests import (
    EstimateRequestSerializer,
    JobListQuery,
    JobRequestSerializer,
    LabelsSerializer,
    RetryRequestSerializer,
)
from training.web.serializers import JobDetailSerializer
from training.web.shapes.estimate import EstimateSerializer
from training.web.shapes.job import DeletedJobSerializer
from training.web.shapes.refusals import (
    BeingCheckedSerializer,
    DoesNotFitSerializer,
    NothingLeftSerializer,
    RowsWouldBeLostSerializer,
)

TAGS = ["Jobs"]
LONGEST_KEY = 255
RUN = {
    "dataset_id": "5ad1f7a2-4ad4-4b5e-b1c1-0b6a6f3f2c11",
    "gpu_config": {"type": "A100-80GB", "count": 2},
    "hyperparameters": {"learning_rate": 0.00005, "batch_size": 4, "epochs": 3, "rank": 16},
}
"""A request's example."""
ID = OpenApiParameter("job_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The job.")
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": LONGEST_KEY, "pattern": r"^[\x20-\x7e]*$"},
    OpenApiParameter.HEADER,
    description="Makes it safe to repeat the request for 24 hours: same key and body, same job and answer. "
    "A UUID does well.",
)
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    {"const": "true"},
    OpenApiParameter.HEADER,
    response=[201],
    description="This answer was given before, to the same key.",
)

estimated = extend_schema(
    operation_id="jobs_estimate",
    summary="What a run would cost",
    description="On the chosen hardware and on every other. The first with a base model has the data set checked for "
    "it; nothing else is started.",
    tags=["Estimates"],
    request=EstimateRequestSerializer,
    responses={200: EstimateSerializer, 404: NOT_FOUND, 409: CONFLICT},
    examples=[OpenApiExample("On two A100", RUN, request_only=True)],
)
started = extend_schema(
    operation_id="jobs_create",
    summary="Start a job",
    description="The price that counts is the server's. No row is lost, and no run is started that is predicted to "
    "exceed the card's memory, unless you say so.",
    tags=TAGS,
    parameters=[KEY, REPLAYED],
    request=JobRequestSerializer,
    responses={
        201: StartedJobSerializer,
        400: Refusal("The request is not valid, or nothing can be trained on.", NothingLeftSerializer),
        404: NOT_FOUND,
        409: Refusal(
            "Not as things stand: the data set is being checked (with `Retry-After`), rows would be lost, it does not "
            "fit into memory, no worker can load the base model, the key was used before, or your quota is reached.",
            BeingCheckedSerializer,
            RowsWouldBeLostSerializer,
            DoesNotFitSerializer,
            retry_after=True,
        ),
    },
    examples=[
        OpenApiExample("On two A100", RUN | {"preset_id": "balanced", "estimated_cost": 4.32}, request_only=True)
    ],
)
listed = extend_schema(
    operation_id="jobs_list",
    summary="Your jobs",
    description="The newest first unless told otherwise. All that is asked for is true of the jobs that are listed.",
    tags=TAGS,
    parameters=[JobListQuery],
    responses=JobListSerializer,
)
read = extend_schema(
    operation_id="jobs_read",
    summary="One job",
    description="With its plan, what it measured, its history, the end of its log and, while it is queued, what it "
    "waits for.",
    tags=TAGS,
    parameters=[ID],
    responses=JobDetailSerializer,
)
changed = extend_schema(
    operation_id="jobs_change",
    summary="Name a job, tag it, write a note",
    description="In any status. What is left out stays as it is.",
    tags=TAGS,
    parameters=[ID],
    request=LabelsSerializer,
    responses=JobDetailSerializer,
)
deleted = extend_schema(
    operation_id="jobs_delete",
    summary="Delete a job",
    description="With its adapter, checkpoints, curves, log and history, once it is over. What it cost is kept.",
    tags=TAGS,
    parameters=[ID],
    responses={200: DeletedJobSerializer, 409: CONFLICT},
)
cancelled = extend_schema(
    operation_id="jobs_cancel",
    summary="Stop a job",
    description="A queued one at once; a running one finishes its step, and what it had learned can be downloaded.",
    tags=TAGS,
    parameters=[ID],
    request=None,
    responses={200: JobDetailSerializer, 409: CONFLICT},
)
retried = extend_schema(
    operation_id="jobs_retry",
    summary="Queue a failed or cancelled job again",
    description="It continues from its last checkpoint where there is one.",
    tags=TAGS,
    parameters=[ID],
    request=RetryRequestSerializer,
    responses={200: JobDetailSerializer, 409: CONFLICT},
)
adapter = extend_schema(
    operation_id="jobs_adapter",
    summary="The adapter",
    description="As a zip; of a stopped run, what it had learned by then.",
    tags=TAGS,
    parameters=[ID, FILE_NAME],
    responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The adapter."), 404: NOT_FOUND},
)
