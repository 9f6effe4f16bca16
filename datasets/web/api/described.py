"""How each operation on data sets is described: decorators of the views' methods."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from datasets.models import Dataset
from datasets.web.lists import DatasetListSerializer, ProblemListSerializer, VersionListSerializer
from datasets.web.requests import (
    DatasetChangeSerializer,
    DatasetRequestSerializer,
    ErrorsQuery,
    ListQuery,
    PreviewQuerySerializer,
    VersionQuery,
    VersionRequestSerializer,
    VersionsQuery,
)
from datasets.web.serializers import DatasetDetailSerializer
from datasets.web.shapes import DeletedSerializer, PreviewSerializer
from pipeline.schema.components import CONFLICT, NOT_FOUND
from pipeline.schema.parameters import FILE_NAME

TAGS = ["Data sets"]
ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The data set.")
FORM = "multipart/form-data"

listed = extend_schema(
    operation_id="datasets_list",
    summary="Your data sets",
    description="The newest first.",
    tags=TAGS,
    parameters=[ListQuery],
    responses=DatasetListSerializer,
)
created = extend_schema(
    operation_id="datasets_create",
    summary="Send a file as a new data set",
    description="Its `status` is `uploaded`; it is then `validating`, and at last `ready` or `error`.",
    tags=TAGS,
    request={FORM: DatasetRequestSerializer},
    responses={201: DatasetDetailSerializer, 409: CONFLICT},
)
read = extend_schema(
    operation_id="datasets_read",
    summary="One data set",
    description="How far its reading is, what was counted, and how long its conversations are.",
    tags=TAGS,
    parameters=[ID],
    responses=DatasetDetailSerializer,
)
changed = extend_schema(
    operation_id="datasets_change",
    summary="Change a data set",
    description="Its name, what is held out for evaluation, or how its rows are read, which has them read again.",
    tags=TAGS,
    parameters=[ID],
    request=DatasetChangeSerializer(others=Dataset.objects.none()),
    responses={200: DatasetDetailSerializer, 409: CONFLICT},
)
deleted = extend_schema(
    operation_id="datasets_delete",
    summary="Delete a data set",
    description="With all its versions. Not while a job needs it: `details` says which.",
    tags=TAGS,
    parameters=[ID],
    responses={200: DeletedSerializer, 409: CONFLICT},
)
problems = extend_schema(
    operation_id="datasets_errors",
    summary="What is wrong with a data set",
    description="Errors and warnings: all counted, the first 100 of each kind listed.",
    tags=TAGS,
    parameters=[ID, ErrorsQuery],
    responses=ProblemListSerializer,
)
preview = extend_schema(
    operation_id="datasets_preview",
    summary="Rows as the model sees them",
    description="With the chat template applied, in segments that are trained on or not.",
    tags=TAGS,
    parameters=[ID, PreviewQuerySerializer],
    responses={200: PreviewSerializer, 409: CONFLICT},
)
versions_listed = extend_schema(
    operation_id="datasets_versions",
    summary="Versions of a data set's file",
    description="The newest first.",
    tags=TAGS,
    parameters=[ID, VersionsQuery],
    responses=VersionListSerializer,
)
version_created = extend_schema(
    operation_id="datasets_add_version",
    summary="Send a changed file",
    description="It becomes the present version; jobs keep the one that they were started with.",
    tags=TAGS,
    parameters=[ID],
    request={FORM: VersionRequestSerializer},
    responses={201: DatasetDetailSerializer, 409: CONFLICT},
)
validated = extend_schema(
    operation_id="datasets_validate",
    summary="Read a data set again",
    description="A reading that was cancelled goes on where it was.",
    tags=TAGS,
    parameters=[ID],
    request=None,
    responses={200: DatasetDetailSerializer, 409: CONFLICT},
)
continued = extend_schema(
    operation_id="datasets_continue",
    summary="Train without the bad rows",
    description="Where the file was read to its end, and holds good rows.",
    tags=TAGS,
    parameters=[ID],
    request=None,
    responses={200: DatasetDetailSerializer, 409: CONFLICT},
)
cancelled = extend_schema(
    operation_id="datasets_cancel",
    summary="Stop reading a data set",
    description="Its worker sees it within a second or two.",
    tags=TAGS,
    parameters=[ID],
    request=None,
    responses={200: DatasetDetailSerializer, 409: CONFLICT},
)
downloaded = extend_schema(
    operation_id="datasets_download",
    summary="The file as it was uploaded",
    tags=TAGS,
    parameters=[ID, VersionQuery, FILE_NAME],
    responses={
        (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The file."),
        404: NOT_FOUND,
    },
)
left_out = extend_schema(
    operation_id="datasets_left_out",
    summary="The bad rows' lines and kinds",
    description="Of the present version, as CSV.",
    tags=TAGS,
    parameters=[ID, FILE_NAME],
    responses={
        (200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY, "Lines and kinds."),
        404: NOT_FOUND,
        409: CONFLICT,
    },
)
