"""Files that go out: a version's own, its problems, its left-out rows."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from datasets.web import downloads, reports
from datasets.web.views.detail import visible
from pipeline.http import SignedInRequest


@login_required
@require_GET
def download(request: SignedInRequest, pk: UUID, number: int | None = None) -> FileResponse:
    """The present version's file as it was uploaded, or another version's."""
    dataset = visible(request, pk)
    version = get_object_or_404(dataset.versions, number=number) if number is not None else dataset.version
    if version is None:
        raise Http404("The dataset has no file")
    return downloads.download(version.file, version.file_name)


@login_required
@require_GET
def problems(request: SignedInRequest, pk: UUID) -> StreamingHttpResponse:
    """The errors and warnings that are kept, as CSV."""
    dataset = visible(request, pk)
    return StreamingHttpResponse(
        reports.problems_csv(dataset.error_report),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="problems-{dataset.pk}.csv"'},
    )


@login_required
@require_GET
def left_out(request: SignedInRequest, pk: UUID) -> FileResponse:
    """Every row that is not trained on, by its line, as CSV."""
    version = visible(request, pk).version
    if version is None or not version.left_out:
        raise Http404("No rows are left out")
    return downloads.download(version.left_out, "left-out.csv", content_type="text/csv")
