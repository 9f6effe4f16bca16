"""The list of data sets."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from datasets.models import Dataset
from datasets.models.querysets import LONG
from pipeline.http import SignedInRequest
from pipeline.pagination import list_page, turning_pages

PER_PAGE = 20


@login_required
@require_GET
@turning_pages
def dataset_list(request: SignedInRequest) -> HttpResponse:
    datasets = Dataset.objects.visible_to(request.user).defer(*LONG)
    return render(request, "datasets/list.html", {"page": list_page(request, datasets, PER_PAGE)})
