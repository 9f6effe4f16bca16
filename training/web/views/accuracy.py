"""The accuracy page: how good the estimates have been."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline.http import SignedInRequest
from training.estimates.track_record import track_record
from training.models import RunMeasurement
from training.web.error_chart import error_chart

SHOWN = 30
DRAWN = 120


@login_required
@require_GET
def accuracy(request: SignedInRequest) -> HttpResponse:
    """Of the user's own runs; of all, for whom the admin shows them."""
    record = track_record(RunMeasurement.objects.visible_to(request.user).comparable())
    context = {
        "record": record,
        "groups": [
            ("Hardware", record.by_hardware),
            ("Base model", record.by_model),
            ("Estimated from", record.by_basis),
            ("Month", record.by_month),
        ],
        "latest": record.runs[: -SHOWN - 1 : -1],
        "picture": error_chart(record.runs[-DRAWN:]),
        "sees_all": request.user.has_perm("training.view_runmeasurement"),
        "own_id": request.user.pk,
    }
    return render(request, "training/accuracy.html", context)
