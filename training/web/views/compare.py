"""Some of one's jobs side by side."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import UUIDField
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline.http import SignedInRequest
from training.models import TrainingJob
from training.models.querysets import LONG_OF_DATASET
from training.web import comparison
from training.web.comparison import FEWEST, MOST

FEW = f"Choose at least {FEWEST} jobs in the list."
MANY = f"Choose at most {MOST} jobs in the list: more cannot be read side by side."
UNKNOWN = "One of them was deleted, is not yours, or has never been there. Choose again in the list."


@login_required
@require_GET
def compare(request: SignedInRequest) -> HttpResponse:
    """Those that the address names, or what is wrong with them and the way back."""
    asked = list(dict.fromkeys(request.GET.getlist("job")))
    if not FEWEST <= len(asked) <= MOST:
        return _refused(request, FEW if len(asked) < FEWEST else MANY, 400)
    jobs = _found(request, asked)
    if len(jobs) < len(asked):
        return _refused(request, UNKNOWN, 404)
    context = {
        "jobs": comparison.letters(jobs),
        "results": comparison.results(jobs),
        "changed": comparison.changed(jobs),
        "runs": comparison.runs(jobs),
    }
    return render(request, "training/compare.html", context)


def _refused(request: SignedInRequest, problem: str, status: int) -> HttpResponse:
    return render(request, "training/compare.html", {"problem": problem}, status=status)


def _found(request: SignedInRequest, asked: list[str]) -> list[TrainingJob]:
    """The user's own of them, in the order asked for."""
    rows = TrainingJob.objects.visible_to(request.user).defer(*LONG_OF_DATASET)
    rows = rows.select_related("dataset", "dataset_version", "base_model", "plan", "measurement")
    ids = list(dict.fromkeys(filter(None, map(_id, asked))))
    by_id = rows.in_bulk(ids)
    return [by_id[pk] for pk in ids if pk in by_id]


def _id(text: str) -> UUID | None:
    try:
        found: UUID | None = UUIDField(required=False).clean(text)
    except ValidationError:
        return None
    return found
