"""The page that takes a file: of a new data set, or a new version."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from datasets import services
from datasets.formats.detect import SUFFIXES
from datasets.models import Dataset
from datasets.web import uploads
from datasets.web.forms.upload import UploadForm, VersionForm
from datasets.web.views.detail import visible
from pipeline.accounts.quotas import QuotaExceeded
from pipeline.accounts.throttling import UPLOAD, throttled
from pipeline.http import SignedInRequest, takes_files


@takes_files
@csrf_exempt  # until the file's way to disk is prepared: the token stands in the same body
@login_required
@require_http_methods(["GET", "POST"])
@throttled(UPLOAD)
def upload(request: SignedInRequest, pk: UUID | None = None) -> HttpResponse:
    """A new data set, or a new version of the one that is named."""
    uploads.prepare(request)
    if uploads.is_stated_too_large(request):
        return _upload_page(request, visible(request, pk) if pk else None, None)
    return _upload(request, pk)


@csrf_protect
def _upload(request: SignedInRequest, pk: UUID | None) -> HttpResponse:
    dataset = visible(request, pk) if pk else None
    form_class = VersionForm if dataset else UploadForm
    form = form_class(request.POST or None, request.FILES or None)
    if request.method == "POST" and uploads.was_too_large(request):
        return _upload_page(request, dataset, None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_take(request, dataset, form.cleaned_data))
        except (services.DatasetBusy, services.SameFile, QuotaExceeded) as error:
            form.add_error("file", str(error))
    return _upload_page(request, dataset, form)


def _take(request: SignedInRequest, dataset: Dataset | None, values: dict[str, Any]) -> Dataset:
    if dataset is None:
        dataset = services.dataset_upload(
            user=request.user,
            name=values["name"],
            file=values["file"],
            shape=values["format"],
            tool_calls=values["tool_calls"],
            merge_turns=values["merge_turns"],
        )
        messages.success(request, f"“{dataset.name}” was uploaded and is being validated")
    else:
        version = services.dataset_upload_version(dataset=dataset, file=values["file"])
        messages.success(request, f"Version {version.number} was uploaded and is being validated")
    return dataset


def _upload_page(request: SignedInRequest, dataset: Dataset | None, form: Any) -> HttpResponse:
    """The form; without one, it was too large a file that was sent."""
    status = 413 if form is None else 422 if form.errors else 200
    context = {
        "dataset": dataset,
        "form": form or (VersionForm() if dataset else UploadForm()),
        "max_bytes": settings.DATASET_MAX_BYTES,
        "suffixes": list(SUFFIXES),
        "too_large": uploads.too_large(),
        "is_too_large": form is None,
    }
    return render(request, "datasets/upload.html", context, status=status)
