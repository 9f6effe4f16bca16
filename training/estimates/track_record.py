"""How good the estimates of finished runs have been: what the accuracy page shows and ``calibration report`` prints."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from training.core.accuracy import Accuracy, Comparison, accuracy, relative_error
from training.models import RunMeasurement


@dataclass(frozen=True, kw_only=True)
class Line:
    """The accuracy of one group of runs."""

    name: str
    accuracy: Accuracy


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One finished run, with its estimate's signed error of duration (0.1: 10 % too long)."""

    row: RunMeasurement
    comparison: Comparison
    error: float


@dataclass(frozen=True, kw_only=True)
class TrackRecord:
    """Oldest run first."""

    runs: list[Compared]
    overall: Accuracy | None
    by_hardware: list[Line]
    by_model: list[Line]
    by_basis: list[Line]
    by_month: list[Line]


def track_record(rows: Iterable[RunMeasurement]) -> TrackRecord:
    """Of whole runs for which there was a prediction on the hardware that they really ran on."""
    runs = [compared for row in rows if (compared := _compare(row))]
    runs.sort(key=lambda run: run.row.created_at)
    return TrackRecord(
        runs=runs,
        overall=accuracy([run.comparison for run in runs]),
        by_hardware=_lines(runs, lambda row: row.hardware),
        by_model=_lines(runs, lambda row: row.base_model.name),
        by_basis=_lines(runs, lambda row: "List figures" if row.basis == "list" else "Measured runs"),
        by_month=_lines(runs, lambda row: _month(row.created_at.date())),
    )


def _compare(row: RunMeasurement) -> Compared | None:
    predicted = (
        row.predicted_hours,
        row.predicted_low_hours,
        row.predicted_high_hours,
        row.predicted_tokens_per_second,
        row.predicted_overhead_seconds,
    )
    if any(figure is None for figure in predicted):
        return None
    hours, low, high, throughput, overhead = (float(figure) for figure in predicted if figure is not None)
    comparison = Comparison(
        predicted_hours=hours,
        hours=row.hours,
        low_hours=low,
        high_hours=high,
        predicted_throughput=throughput,
        throughput=row.tokens_per_second,
        predicted_overhead=overhead,
        overhead=row.overhead_seconds,
        predicted_cost=row.predicted_cost,
        cost=row.cost if row.predicted_cost is not None else None,
        predicted_peak=row.predicted_peak_bytes,
        peak=row.peak_bytes if row.predicted_peak_bytes else None,
    )
    return Compared(row=row, comparison=comparison, error=relative_error(hours, row.hours))


def _lines(runs: Iterable[Compared], name: Callable[[RunMeasurement], str]) -> list[Line]:
    groups: dict[str, list[Comparison]] = {}
    for run in runs:
        groups.setdefault(name(run.row), []).append(run.comparison)
    return [Line(name=group, accuracy=found) for group, of_group in groups.items() if (found := accuracy(of_group))]


def _month(day: date) -> str:
    return f"{day:%B %Y}"
