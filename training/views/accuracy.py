"""The accuracy page: how good the estimates have been."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pipeline.http import SignedInRequest
from training.models import RunMeasurement
from training.track_record import Compared, track_record

SHOWN = 30
DRAWN = 120
WIDTH, HEIGHT, LEFT, RIGHT = 720, 220, 48, 12
TOP, BOTTOM = 12, 24
BANDS = (1.0, 0.5, 0.0, -0.5)
"""Errors that have a line: twice as long, half as long again, right, half as long."""


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
        "picture": _picture(record.runs[-DRAWN:]),
        "sees_all": request.user.has_perm("training.view_runmeasurement"),
        "own_id": request.user.pk,
    }
    return render(request, "training/accuracy.html", context)


def _picture(runs: list[Compared]) -> dict[str, Any]:
    """Errors over time, one point a run, evenly spaced; beyond the outer lines they are drawn on them."""
    span = max(len(runs) - 1, 1)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "bands": [{"y": _height(band), "label": f"{band:+.0%}" if band else "right"} for band in BANDS],
        "points": [
            {
                "x": round(LEFT + 10 + (WIDTH - RIGHT - LEFT - 20) * index / span, 1),
                "y": _height(run.error),
                "run": run,
                "is_list": run.row.basis == "list",
            }
            for index, run in enumerate(runs)
        ],
    }


def _height(error: float) -> float:
    highest, lowest = BANDS[0], BANDS[-1]
    share = (highest - min(max(error, lowest), highest)) / (highest - lowest)
    return round(TOP + share * (HEIGHT - TOP - BOTTOM), 1)
