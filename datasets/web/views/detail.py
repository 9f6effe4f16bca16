"""The page of one data set, and its parts that are asked for again."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from datasets.formats.detect import CONTAINERS
from datasets.held_out import held_out_pairs
from datasets.models import Dataset
from datasets.models.querysets import LONG
from datasets.web import charts, previews, reports
from datasets.web.forms.changes import SplitForm
from datasets.web.forms.reading import ReadingForm
from pipeline.http import SignedInRequest
from pipeline.keyset import Keyset
from pipeline.pagination import FirstPageInstead, ListPage, page_at

PREVIEW_ROWS = 3
VERSIONS_SHOWN = 10


@login_required
@require_GET
def detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return render(request, "datasets/detail.html", detail_context(request, visible(request, pk)))


@login_required
@require_GET
def status(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The part of the page that is asked for again while the data set is being validated."""
    return render(request, "datasets/_status.html", detail_context(request, visible(request, pk)))


@login_required
@require_GET
def preview(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The part of the page that shows rows as the model sees them."""
    return render(request, "datasets/_preview.html", _preview_context(request, visible(request, pk)))


def visible(request: SignedInRequest, pk: UUID) -> Dataset:
    datasets = Dataset.objects.visible_to(request.user).select_related("version", "evaluation_dataset")
    found: Dataset = get_object_or_404(datasets, pk=pk)
    return found


def others(request: SignedInRequest, dataset: Dataset) -> QuerySet[Dataset]:
    """What it could be evaluated on, without what can be long."""
    ready = Dataset.objects.visible_to(request.user).filter(training_ready=True)
    return ready.exclude(pk=dataset.pk).defer(*LONG)


def reading_form(dataset: Dataset, data: Any = None) -> ReadingForm:
    columns = dataset.version.columns if dataset.version else []
    return ReadingForm(data, columns=columns, initial=ReadingForm.initial_for(dataset))


def detail_context(request: SignedInRequest, dataset: Dataset, **forms: Any) -> dict[str, Any]:
    percent = None if dataset.evaluation_share is None else round(dataset.evaluation_share * 100, 2)
    split = SplitForm(
        initial={
            "evaluation_percent": percent,
            "split_seed": dataset.split_seed,
            "evaluation_dataset": dataset.evaluation_dataset_id,
        },
        others=others(request, dataset),
    )
    length = _length(request)
    return {
        "dataset": dataset,
        "version": dataset.version,
        "versions": _versions(request, dataset),
        "errors": reports.kinds(dataset, errors=True),
        "warnings": reports.kinds(dataset, errors=False),
        "lengths": charts.lengths(dataset, length),
        "held_out": held_out_pairs(dataset.total_training_pairs or 0, dataset.share_held_out),
        "reading": reading_form(dataset),
        "split": split,
        "container": CONTAINERS.get(dataset.version.options.get("container", ""), "") if dataset.version else "",
        **forms,
        **(_preview_context(request, dataset) if not dataset.is_being_read else {}),
    }


def _versions(request: SignedInRequest, dataset: Dataset) -> ListPage:
    """A page of them, the newest where the address names no other."""
    rows, by_number = dataset.versions.all(), Keyset(("number",))
    try:
        return page_at(request.GET.get("versions", ""), rows, VERSIONS_SHOWN, by_number)
    except FirstPageInstead:
        return page_at("", rows, VERSIONS_SHOWN, by_number)


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
    return _whole(request.GET.get("length"), 0) or previews.usual_length()


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise
