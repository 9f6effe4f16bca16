"""The accuracy page: how good the estimates have been."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline.http import SignedInRequest
from training.core.accuracy import FEWEST
from training.estimates.track_record import track_record
from training.models import RunMeasurement
from training.models.measurement import RunMeasurementQuerySet
from training.web.error_chart import error_chart

SHOWN = 40
"""Runs in the picture, and as many in the table that says the same."""
COUNTED = RunMeasurementQuerySet.MOST_COMPARED
"""Of runs elsewhere: from so many on, it is no longer said exactly."""


@login_required
@require_GET
def accuracy(request: SignedInRequest) -> HttpResponse:
    """Of the user's own runs; of all, for whom the admin shows them."""
    visible = RunMeasurement.objects.visible_to(request.user)
    record = track_record(visible.comparable())
    context = {
        "record": record,
        "groups": [
            ("By basis", "Estimated from", record.by_basis),
            ("By hardware", "Hardware, and estimated from", record.by_hardware),
            ("By base model", "Base model", record.by_model),
            ("By month", "Month", record.by_month),
        ],
        "latest": record.runs[: -SHOWN - 1 : -1],
        "picture": error_chart(record.runs[-SHOWN:]),
        "elsewhere": visible.elsewhere()[:COUNTED].count(),
        "elsewhere_at_least": COUNTED,
        "fewest": FEWEST,
        "sees_all": request.user.has_perm("training.view_runmeasurement"),
        "own_id": request.user.pk,
    }
    return render(request, "training/accuracy.html", context)
