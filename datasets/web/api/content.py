"""What was found in its file: problems, a preview, and the files themselves."""

from dataclasses import asdict
from uuid import UUID

from django.http import FileResponse, Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.web import previews
from datasets.web.api import described
from datasets.web.api.access import conflict, visible_dataset
from datasets.web.downloads import download
from datasets.web.requests import ErrorsQuery, PreviewQuerySerializer, VersionQuery
from pipeline.api import success
from pipeline.pagination import Pages


class ErrorsPages(Pages):
    """The list of problems."""

    query = ErrorsQuery


class ErrorsView(APIView):
    """Errors and warnings: all counted, the first hundred of each kind listed."""

    @described.problems
    def get(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        pages = ErrorsPages(request)
        found = dataset.problems(severity=pages.asked.get("severity", ""), kind=pages.asked.get("kind", ""))
        return success(
            {
                "error_count": dataset.error_count,
                "warning_count": dataset.warning_count,
                "left_out_count": dataset.left_out_count,
                "counts": dataset.problem_counts,
                "errors": pages.paginate_queryset(found),
                "pagination": pages.summary,
            }
        )


class PreviewView(APIView):
    """Rows with the chat template applied, in segments that are trained on or not."""

    @described.preview
    def get(self, request: Request, pk: UUID) -> Response:
        dataset = visible_dataset(request, pk)
        serializer = PreviewQuerySerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        length = asked.get("length") or previews.usual_length()
        shown = previews.preview(dataset, start=asked["row"], count=asked["limit"], length=length)
        if shown.problem:
            raise conflict(shown.problem)
        return success({"sequence_length": length, "total": shown.total, "rows": [asdict(row) for row in shown.rows]})


class DownloadView(APIView):
    """The file as it was uploaded: of the present version, or of ``?version=``."""

    @described.downloaded
    def get(self, request: Request, pk: UUID) -> FileResponse:
        dataset = visible_dataset(request, pk)
        query = VersionQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        number = query.validated_data.get("version")
        version = dataset.versions.filter(number=number).first() if number else dataset.version
        if version is None:
            raise Http404("The dataset has no such version")
        return download(version.file, version.file_name)


class LeftOutView(APIView):
    """Every bad row of the present version by its line and kind, as CSV."""

    @described.left_out
    def get(self, request: Request, pk: UUID) -> FileResponse:
        version = visible_dataset(request, pk).version
        if version is None or not version.left_out:
            raise conflict("The dataset has not been read yet")
        return download(version.left_out, "left-out.csv", content_type="text/csv")
