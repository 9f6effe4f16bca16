"""What is done to a data set from its page: go on, stop, read again, hold out, rename, delete."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_http_methods, require_POST

from datasets import services
from datasets.web.forms.changes import RenameForm, SplitForm
from datasets.web.views.detail import detail_context, others, reading_form, visible
from pipeline.http import SignedInRequest


@login_required
@require_POST
def go_on(request: SignedInRequest, pk: UUID) -> HttpResponse:
    dataset = visible(request, pk)
    if services.dataset_go_on(dataset):
        messages.success(request, f"Training skips {dataset.error_count:,} row{pluralize(dataset.error_count)}")
    return redirect(dataset)


@login_required
@require_POST
def cancel(request: SignedInRequest, pk: UUID) -> HttpResponse:
    dataset = visible(request, pk)
    services.dataset_cancel(dataset)
    return redirect(dataset)


@login_required
@require_POST
def validate(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Read it as before: after a cancelled validation, it goes on where it was."""
    dataset = visible(request, pk)
    services.dataset_validate_again(dataset)
    return redirect(dataset)


@login_required
@require_POST
def read_again(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """In the way that the form says."""
    dataset = visible(request, pk)
    form = reading_form(dataset, request.POST)
    if not form.is_valid():
        return render(request, "datasets/detail.html", detail_context(request, dataset, reading=form), status=422)
    try:
        services.dataset_read_again(
            dataset=dataset,
            shape=form.cleaned_data["format"],
            mapping=form.mapping(),
            tool_calls=form.cleaned_data["tool_calls"] or dataset.tool_calls,
            merge_turns=form.cleaned_data["merge_turns"],
            fold_system=form.cleaned_data["fold_system"],
        )
    except services.DatasetBusy as error:
        messages.error(request, str(error))
    return redirect(dataset)


@login_required
@require_POST
def split(request: SignedInRequest, pk: UUID) -> HttpResponse:
    dataset = visible(request, pk)
    form = SplitForm(request.POST, others=others(request, dataset))
    if not form.is_valid():
        return render(request, "datasets/detail.html", detail_context(request, dataset, split=form), status=422)
    services.dataset_change(dataset, form.values())
    messages.success(request, "Saved: it applies to the jobs you start from now on")
    return redirect(dataset)


@login_required
@require_http_methods(["GET", "POST"])
def rename(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Rename it, or delete it: the page of what concerns the data set as a whole."""
    dataset = visible(request, pk)
    form = RenameForm(request.POST or None, initial={"name": dataset.name})
    if request.method == "POST" and form.is_valid():
        services.dataset_change(dataset, form.cleaned_data)
        return redirect(dataset)
    context = {"dataset": dataset, "form": form}
    return render(request, "datasets/manage.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def delete(request: SignedInRequest, pk: UUID) -> HttpResponse:
    dataset = visible(request, pk)
    try:
        services.dataset_delete(dataset)
    except services.DatasetNeeded as error:
        context = {"dataset": dataset, "form": RenameForm(initial={"name": dataset.name}), "refused": str(error)}
        return render(request, "datasets/manage.html", context, status=409)
    messages.success(request, f"“{dataset.name}” was deleted")
    return redirect("datasets:list")
