"""The JSON API of data sets: /api/datasets, /api/datasets/<id> and what belongs to one."""

from dataclasses import asdict
from math import ceil
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404
from rest_framework import status as http
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets import previews, services, uploads
from datasets.models import Dataset
from datasets.serializers import (
    DatasetChangeSerializer,
    DatasetDetailSerializer,
    DatasetRequestSerializer,
    DatasetSerializer,
    ErrorsQuerySerializer,
    ListQuerySerializer,
    PreviewQuerySerializer,
    VersionRequestSerializer,
    VersionSerializer,
)
from pipeline.api import JSONParser, Problem, success
from pipeline.http import api_user


def visible_dataset(request: Request, pk: UUID) -> Dataset:
    datasets = Dataset.objects.visible_to(request.user).select_related("version")
    dataset: Dataset | None = datasets.filter(pk=pk).first()
    if dataset is None:
        raise Problem("Dataset not found or access denied", status=http.HTTP_404_NOT_FOUND)
    return dataset


def conflict(error: object, details: object = None) -> Problem:
    return Problem(str(error), details, status=http.HTTP_409_CONFLICT)


class UploadView(APIView):
    """Takes a file in a multipart form, and no more of it than may be stored."""

    parser_classes = [MultiPartParser, FormParser, JSONParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        uploads.prepare(request._request)
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            if uploads.is_stated_too_large(request._request):
                raise self._too_large()
            _ = request.data
            if uploads.was_too_large(request._request):
                raise self._too_large()

    def _too_large(self) -> Problem:
        return Problem(
            uploads.too_large(), {"file": [uploads.too_large()]}, status=http.HTTP_413_REQUEST_ENTITY_TOO_LARGE
        )


class DatasetsView(UploadView):
    def get(self, request: Request) -> Response:
        serializer = ListQuerySerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        page, limit = serializer.validated_data["page"], serializer.validated_data["limit"]
        datasets = Dataset.objects.visible_to(request.user).select_related("version").defer("error_report")
        if wanted := serializer.validated_data.get("status"):
            datasets = datasets.filter(status=wanted)
        total = datasets.count()
        rows = DatasetSerializer(datasets[(page - 1) * limit : page * limit], many=True).data
        return success({"datasets": rows, "pagination": pagination(page, limit, total)})

    def post(self, request: Request) -> Response:
        serializer = DatasetRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        dataset = services.dataset_upload(
            user=api_user(request),
            name=asked["name"],
            file=asked["file"],
            shape=shape_of(asked.get("format", "")),
            mapping=asked.get("mapping"),
            tool_calls=asked.get("tool_calls", "ignore"),
        )
        return success(DatasetDetailSerializer(dataset).data, status=http.HTTP_201_CREATED)


class DatasetView(APIView):
    def get(self, request: Request, pk: UUID) -> Response:
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)

    def patch(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        others = Dataset.objects.visible_to(request.user).filter(training_ready=True).exclude(pk=pk)
        serializer = DatasetChangeSerializer(data=request.data, others=others)
        serializer.is_valid(raise_exception=True)
        asked = dict(serializer.validated_data)
        reading = {name: asked.pop(name) for name in ("format", "mapping", "tool_calls") if name in asked}
        if reading:
            try:
                services.dataset_read_again(
                    dataset=dataset,
                    shape=shape_of(reading["format"]) if "format" in reading else dataset.chosen_shape,
                    mapping=reading.get("mapping", dataset.mapping),
                    tool_calls=reading.get("tool_calls", dataset.tool_calls),
                )
            except services.DatasetBusy as error:
                raise conflict(error) from error
        services.dataset_change(visible_dataset(request, pk), asked)
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)

    def delete(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        try:
            services.dataset_delete(dataset)
        except services.DatasetNeeded as error:
            raise conflict("The dataset is still needed", str(error)) from error
        return success({"id": str(pk), "deleted": True})


class ErrorsView(APIView):
    """Errors and warnings: all counted, the first hundred of each kind listed."""

    def get(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        serializer = ErrorsQuerySerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        page, limit = asked["page"], asked["limit"]
        found = dataset.problems(severity=asked.get("severity", ""), kind=asked.get("kind", ""))
        return success(
            {
                "error_count": dataset.error_count,
                "warning_count": dataset.warning_count,
                "left_out_count": dataset.left_out_count,
                "counts": dataset.problem_counts,
                "errors": found[(page - 1) * limit : page * limit],
                "pagination": pagination(page, limit, len(found)),
            }
        )


class PreviewView(APIView):
    """Rows with the chat template applied, in segments that are trained on or not."""

    def get(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        serializer = PreviewQuerySerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        length = asked.get("length", settings.MAX_SEQUENCE_LENGTH)
        shown = previews.preview(dataset, start=asked["row"], count=asked["limit"], length=length)
        if shown.problem:
            raise conflict(shown.problem)
        return success({"sequence_length": length, "total": shown.total, "rows": [asdict(row) for row in shown.rows]})


class VersionsView(UploadView):
    def get(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        return success({"versions": VersionSerializer(dataset.versions.all(), many=True).data})

    def post(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        serializer = VersionRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            services.dataset_upload_version(dataset=dataset, file=serializer.validated_data["file"])
        except (services.DatasetBusy, services.SameFile) as error:
            raise conflict(error) from error
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data, status=http.HTTP_201_CREATED)


class ValidateView(APIView):
    def post(self, request: Request, pk: UUID) -> Response:
        if not services.dataset_validate_again(visible_dataset(request, pk)):
            raise conflict("The dataset is being validated already")
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)


class ContinueView(APIView):
    """Train without the bad rows."""

    def post(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        if not services.dataset_go_on(dataset):
            details = f"It must have status='error', be read to its end and hold good rows. Current: '{dataset.status}'"
            raise conflict("There is nothing to continue with", details)
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)


class CancelView(APIView):
    def post(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        if not services.dataset_cancel(dataset):
            raise conflict(f"The dataset is not being validated, but {dataset.status}")
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data)


class DownloadView(APIView):
    """The file as it was uploaded: of the present version, or of ``?version=``."""

    def get(self, request: Request, pk: UUID) -> FileResponse:
        dataset = visible_dataset(request, pk)
        number = request.query_params.get("version", "")
        version = dataset.versions.filter(number=number).first() if number.isdigit() else dataset.version
        if version is None or not version.file.storage.exists(str(version.file.name)):
            raise Http404("The dataset has no such version, or its file is no longer in storage")
        return FileResponse(version.file.open("rb"), as_attachment=True, filename=version.file_name)


class LeftOutView(APIView):
    """Every bad row of the present version by its line and kind, as CSV."""

    def get(self, request: Request, pk: UUID) -> FileResponse:
        version = visible_dataset(request, pk).version
        if version is None or not version.left_out:
            raise Http404("The dataset has not been read yet")
        return FileResponse(version.left_out.open("rb"), as_attachment=True, filename="left-out.csv")


def shape_of(format_: str) -> str:
    """A chosen shape; nothing where it is to be detected."""
    return "" if format_ == "auto" else format_


def pagination(page: int, limit: int, total: int) -> dict[str, int]:
    return {"page": page, "limit": limit, "total": total, "totalPages": ceil(total / limit)}
