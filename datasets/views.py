"""The pages of data sets."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from datasets import charts, previews, reports, services, uploads
from datasets.formats.detect import CONTAINERS, SUFFIXES
from datasets.forms import ReadingForm, RenameForm, SplitForm, UploadForm, VersionForm
from datasets.models import Dataset
from pipeline.http import SignedInRequest

PER_PAGE = 20
PREVIEW_ROWS = 3


@login_required
@require_GET
def dataset_list(request: SignedInRequest) -> HttpResponse:
    datasets = Dataset.objects.visible_to(request.user).defer("error_report", "length_histogram")
    return render(
        request,
        "datasets/list.html",
        {"page": Paginator(datasets, PER_PAGE).get_page(request.GET.get("page"))},
    )


@csrf_exempt  # until the file's way to disk is prepared: the token stands in the same body
@login_required
@require_http_methods(["GET", "POST"])
def upload(request: SignedInRequest, pk: UUID | None = None) -> HttpResponse:
    """A new data set, or a new version of the one that is named."""
    uploads.prepare(request)
    if uploads.is_stated_too_large(request):
        return _upload_page(request, _visible(request, pk) if pk else None, None)
    return _upload(request, pk)


@csrf_protect
def _upload(request: SignedInRequest, pk: UUID | None) -> HttpResponse:
    dataset = _visible(request, pk) if pk else None
    form_class = VersionForm if dataset else UploadForm
    form = form_class(request.POST or None, request.FILES or None)
    if request.method == "POST" and uploads.was_too_large(request):
        return _upload_page(request, dataset, None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_take(request, dataset, form.cleaned_data))
        except (services.DatasetBusy, services.SameFile) as error:
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
        "refused": uploads.too_large() if form is None else "",
    }
    return render(request, "datasets/upload.html", context, status=status)


@login_required
@require_GET
def detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return render(request, "datasets/detail.html", _context(request, _visible(request, pk)))


@login_required
@require_GET
def status(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The part of the page that is asked for again while the data set is being validated."""
    return render(request, "datasets/_status.html", _context(request, _visible(request, pk)))


@login_required
@require_GET
def preview(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The part of the page that shows rows as the model sees them."""
    return render(request, "datasets/_preview.html", _preview_context(request, _visible(request, pk)))


@login_required
@require_POST
def go_on(request: SignedInRequest, pk: UUID) -> HttpResponse:
    dataset = _visible(request, pk)
    if services.dataset_go_on(dataset):
        messages.success(request, f"Training goes on without {dataset.error_count:,} rows")
    return redirect(dataset)


@login_required
@require_POST
def cancel(request: SignedInRequest, pk: UUID) -> HttpResponse:
    dataset = _visible(request, pk)
    services.dataset_cancel(dataset)
    return redirect(dataset)


@login_required
@require_POST
def validate(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Read it as before: after a cancelled validation, it goes on where it was."""
    dataset = _visible(request, pk)
    services.dataset_validate_again(dataset)
    return redirect(dataset)


@login_required
@require_POST
def read_again(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """In the way that the form says."""
    dataset = _visible(request, pk)
    form = _reading_form(dataset, request.POST)
    if not form.is_valid():
        return render(request, "datasets/detail.html", _context(request, dataset, reading=form), status=422)
    try:
        services.dataset_read_again(
            dataset=dataset,
            shape=form.cleaned_data["format"],
            mapping=form.mapping(),
            tool_calls=form.cleaned_data["tool_calls"] or dataset.tool_calls,
        )
    except services.DatasetBusy as error:
        messages.error(request, str(error))
    return redirect(dataset)


@login_required
@require_POST
def split(request: SignedInRequest, pk: UUID) -> HttpResponse:
    dataset = _visible(request, pk)
    form = SplitForm(request.POST, others=_others(request, dataset))
    if not form.is_valid():
        return render(request, "datasets/detail.html", _context(request, dataset, split=form), status=422)
    services.dataset_change(dataset, form.values())
    messages.success(request, "The next jobs hold out what you chose")
    return redirect(dataset)


@login_required
@require_http_methods(["GET", "POST"])
def rename(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Rename it, or delete it: the page of what concerns the data set as a whole."""
    dataset = _visible(request, pk)
    form = RenameForm(request.POST or None, initial={"name": dataset.name})
    if request.method == "POST" and form.is_valid():
        services.dataset_change(dataset, form.cleaned_data)
        return redirect(dataset)
    context = {"dataset": dataset, "form": form}
    return render(request, "datasets/manage.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def delete(request: SignedInRequest, pk: UUID) -> HttpResponse:
    dataset = _visible(request, pk)
    try:
        services.dataset_delete(dataset)
    except services.DatasetNeeded as error:
        context = {"dataset": dataset, "form": RenameForm(initial={"name": dataset.name}), "refused": str(error)}
        return render(request, "datasets/manage.html", context, status=409)
    messages.success(request, f"“{dataset.name}” was deleted")
    return redirect("datasets:list")


@login_required
@require_GET
def download(request: SignedInRequest, pk: UUID, number: int | None = None) -> FileResponse:
    """The present version's file as it was uploaded, or another version's."""
    dataset = _visible(request, pk)
    version = get_object_or_404(dataset.versions, number=number) if number else dataset.version
    try:
        if version is None:
            raise FileNotFoundError
        file = version.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("The file is no longer in storage") from error
    return FileResponse(file, as_attachment=True, filename=version.file_name, content_type="application/octet-stream")


@login_required
@require_GET
def problems(request: SignedInRequest, pk: UUID) -> StreamingHttpResponse:
    """The errors and warnings that are kept, as CSV."""
    dataset = _visible(request, pk)
    return StreamingHttpResponse(
        reports.problems_csv(dataset.error_report),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="problems-{dataset.pk}.csv"'},
    )


@login_required
@require_GET
def left_out(request: SignedInRequest, pk: UUID) -> FileResponse:
    """Every row that is not trained on, by its line, as CSV."""
    version = _visible(request, pk).version
    if version is None or not version.left_out:
        raise Http404("No rows are left out")
    return FileResponse(
        version.left_out.open("rb"), as_attachment=True, filename="left-out.csv", content_type="text/csv"
    )


def _visible(request: SignedInRequest, pk: UUID) -> Dataset:
    datasets = Dataset.objects.visible_to(request.user).select_related("version", "evaluation_dataset")
    found: Dataset = get_object_or_404(datasets, pk=pk)
    return found


def _others(request: SignedInRequest, dataset: Dataset) -> QuerySet[Dataset]:
    return Dataset.objects.visible_to(request.user).filter(training_ready=True).exclude(pk=dataset.pk)


def _reading_form(dataset: Dataset, data: Any = None) -> ReadingForm:
    columns = dataset.version.columns if dataset.version else []
    return ReadingForm(data, columns=columns, initial=ReadingForm.initial_for(dataset))


def _context(request: SignedInRequest, dataset: Dataset, **forms: Any) -> dict[str, Any]:
    percent = None if dataset.evaluation_share is None else round(dataset.evaluation_share * 100, 2)
    split = SplitForm(
        initial={
            "evaluation_percent": percent,
            "split_seed": dataset.split_seed,
            "evaluation_dataset": dataset.evaluation_dataset_id,
        },
        others=_others(request, dataset),
    )
    length = _length(request)
    return {
        "dataset": dataset,
        "version": dataset.version,
        "versions": dataset.versions.all(),
        "errors": reports.kinds(dataset, errors=True),
        "warnings": reports.kinds(dataset, errors=False),
        "lengths": charts.lengths(dataset, length),
        "held_out": charts.held_out_pairs(dataset),
        "reading": _reading_form(dataset),
        "split": split,
        "container": CONTAINERS.get(dataset.version.options.get("container", ""), "") if dataset.version else "",
        **forms,
        **(_preview_context(request, dataset) if not dataset.is_being_read else {}),
    }


def _preview_context(request: SignedInRequest, dataset: Dataset) -> dict[str, Any]:
    length, start = _length(request), _whole(request.GET.get("row"), 0)
    shown = previews.preview(dataset, start=start, count=PREVIEW_ROWS, length=length)
    return {
        "dataset": dataset,
        "preview": shown,
        "length": length,
        "first": start + 1,
        "last": start + len(shown.rows),
        "following": start + PREVIEW_ROWS if start + PREVIEW_ROWS < shown.total else None,
        "previous": max(0, start - PREVIEW_ROWS) if start else None,
    }


def _length(request: SignedInRequest) -> int:
    return _whole(request.GET.get("length"), settings.MAX_SEQUENCE_LENGTH) or settings.MAX_SEQUENCE_LENGTH


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise
