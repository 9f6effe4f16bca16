"""Files that come in: a new data set, a new version; and the lists of both."""

from typing import Any
from uuid import UUID

from rest_framework import status as http
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets import services
from datasets.formats.options import TRAIN
from datasets.models import Dataset
from datasets.web import uploads
from datasets.web.api import described
from datasets.web.api.access import conflict, visible_dataset
from datasets.web.api.dataset import shape_of
from datasets.web.requests import DatasetRequestSerializer, ListQuery, VersionRequestSerializer, VersionsQuery
from datasets.web.serializers import DatasetDetailSerializer, DatasetSerializer, VersionSerializer
from pipeline.accounts.throttling import UPLOAD
from pipeline.api import JSONParser, Problem, success
from pipeline.http import api_user
from pipeline.keyset import Keyset
from pipeline.pagination import Pages


class UploadView(APIView):
    """Takes a file in a multipart form, and no more of it than may be stored."""

    takes_files = True
    parser_classes = [MultiPartParser, FormParser, JSONParser]
    throttle_scopes = {"POST": UPLOAD}

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


class DatasetsPages(Pages):
    """The list of data sets, of one status where that is asked for."""

    query = ListQuery


class DatasetsView(UploadView):
    @described.listed
    def get(self, request: Request) -> Response:
        pages = DatasetsPages(request)
        datasets = Dataset.objects.visible_to(request.user).select_related("version").defer("error_report")
        if wanted := pages.asked.get("status"):
            datasets = datasets.filter(status=wanted)
        rows = DatasetSerializer(pages.paginate_queryset(datasets), many=True).data
        return success({"datasets": rows, "pagination": pages.summary})

    @described.created
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
            tool_calls=asked.get("tool_calls", TRAIN),
            merge_turns=asked.get("merge_turns", False),
            fold_system=asked.get("fold_system", True),
        )
        return success(DatasetDetailSerializer(dataset).data, status=http.HTTP_201_CREATED)


class VersionsPages(Pages):
    """The list of a data set's versions."""

    query = VersionsQuery
    keyset = Keyset(("number",))


class VersionsView(UploadView):
    @described.versions_listed
    def get(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        pages = VersionsPages(request)
        rows = VersionSerializer(pages.paginate_queryset(dataset.versions.all()), many=True).data
        return success({"versions": rows, "pagination": pages.summary})

    @described.version_created
    def post(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        serializer = VersionRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            services.dataset_upload_version(dataset=dataset, file=serializer.validated_data["file"])
        except (services.DatasetBusy, services.SameFile) as error:
            raise conflict(error) from error
        return success(DatasetDetailSerializer(visible_dataset(request, pk)).data, status=http.HTTP_201_CREATED)
