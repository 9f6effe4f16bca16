"""The pages of data sets."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from datasets.forms import UploadForm, too_large
from datasets.models import Dataset
from datasets.services import dataset_upload
from pipeline.http import SignedInRequest

PER_PAGE = 20
FORM_OVERHEAD_BYTES = 64 * 1024


@login_required
@require_GET
def dataset_list(request: SignedInRequest) -> HttpResponse:
    datasets = Dataset.objects.visible_to(request.user)
    return render(
        request,
        "datasets/list.html",
        {"page": Paginator(datasets, PER_PAGE).get_page(request.GET.get("page"))},
    )


@login_required
@require_http_methods(["GET", "POST"])
def upload(request: SignedInRequest) -> HttpResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATASET_MAX_BYTES + FORM_OVERHEAD_BYTES:
        form = UploadForm()
        context = {"form": form, "max_bytes": settings.DATASET_MAX_BYTES, "refused": too_large()}
        return render(request, "datasets/upload.html", context, status=413)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        dataset = dataset_upload(user=request.user, name=form.cleaned_data["name"], file=form.cleaned_data["file"])
        messages.success(request, f"“{dataset.name}” was uploaded and is being validated")
        return redirect(dataset)
    context = {"form": form, "max_bytes": settings.DATASET_MAX_BYTES}
    return render(request, "datasets/upload.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return render(request, "datasets/detail.html", _context(request, pk))


@login_required
@require_GET
def status(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The part of the page that is asked for again while the data set is being validated."""
    return render(request, "datasets/_status.html", _context(request, pk))


@login_required
@require_GET
def download(request: SignedInRequest, pk: UUID) -> FileResponse:
    dataset = _visible(request, pk)
    return FileResponse(
        dataset.file.open("rb"),
        as_attachment=True,
        filename=dataset.file_name,
        content_type="application/jsonl",
    )


def _visible(request: SignedInRequest, pk: UUID) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)


def _context(request: SignedInRequest, pk: UUID) -> dict[str, object]:
    dataset = _visible(request, pk)
    pairs, tokens = dataset.total_training_pairs, dataset.total_tokens
    return {"dataset": dataset, "tokens_per_pair": f"{tokens / pairs:,.1f}" if pairs and tokens else "–"}
