"""Every choice of hardware on the configure page: a table, a picture, and the three that stand out."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from training.core.alternatives import Choice
from training.core.picture import picture
from training.models import MAX_GPUS, GpuType

MARKS = {
    "cheapest": ("Cheapest", "coins"),
    "fastest": ("Fastest", "zap"),
    "cheapest_within": ("Cheapest under", "clock"),
}


def choices_context(
    alternatives: Sequence[Mapping[str, Any]], gpu_types: Sequence[GpuType], chosen: tuple[str, int]
) -> dict[str, Any]:
    """From the API's ``alternatives``: ``choice_rows`` (a row a count, a cell a GPU type), ``choice_marks``, and
    ``choice_picture``."""
    cells = {(one["gpu_config"]["type"], one["gpu_config"]["count"]): _cell(one, chosen) for one in alternatives}
    return {
        "choice_gpus": gpu_types,
        "choice_rows": [
            {"count": count, "cells": [cells[gpu_type.name, count] for gpu_type in gpu_types]}
            for count in range(1, MAX_GPUS + 1)
        ],
        "choice_marks": [
            {
                "kind": kind,
                "label": label,
                "icon": icon,
                "cell": next((cell for cell in cells.values() if kind in cell["marks"]), None),
            }
            for kind, (label, icon) in MARKS.items()
        ],
        "choice_picture": _picture(alternatives, cells),
    }


def change(**fields: object) -> str:
    """The value of a button that changes fields of the form."""
    return urlencode({name: "on" if value is True else value for name, value in fields.items()})


def _cell(one: Mapping[str, Any], chosen: tuple[str, int]) -> dict[str, Any]:
    gpu, count = one["gpu_config"]["type"], one["gpu_config"]["count"]
    return {
        **one,
        "gpu": gpu,
        "count": count,
        "change": change(gpu_type=gpu, gpu_count=count),
        "is_chosen": (gpu, count) == chosen,
        "icons": [MARKS[mark][1] for mark in one["marks"]],
        "is_misfit": one["fits"] is False,
    }


def _picture(alternatives: Sequence[Mapping[str, Any]], cells: Mapping[tuple[str, int], Any]) -> dict[str, Any]:
    drawn = picture(
        [
            Choice(
                gpu=one["gpu_config"]["type"],
                count=one["gpu_config"]["count"],
                cost=one["estimated_cost"],
                hours=one["estimated_duration_hours"],
                fits=one["fits"],
            )
            for one in alternatives
        ]
    )
    return {
        "frame": drawn,
        "series": [
            {
                "gpu": series.gpu,
                "line": series.line,
                "points": [
                    {"x": point.x, "y": point.y, "cell": cells[series.gpu, point.choice.count]}
                    for point in series.points
                ],
            }
            for series in drawn.series
        ],
    }
