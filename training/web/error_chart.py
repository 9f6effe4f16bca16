"""Errors of past estimates as points in a small picture."""

from typing import Any

from training.estimates.track_record import Compared

WIDTH, HEIGHT, LEFT, RIGHT = 720, 220, 48, 12
TOP, BOTTOM = 12, 24
BANDS = (1.0, 0.5, 0.0, -0.5)
"""Errors that have a line: twice as long, half as long again, right, half as long."""


def error_chart(runs: list[Compared]) -> dict[str, Any]:
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
