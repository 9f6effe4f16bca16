"""How good the estimates of finished runs have been: what the accuracy page shows and ``calibration report`` prints."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from training.core.accuracy import FEWEST, Accuracy, Comparison, accuracy, median_error, relative_error
from training.models import RunMeasurement, RunPlan


@dataclass(frozen=True, kw_only=True)
class Line:
    """The accuracy of one group of runs."""

    name: str
    runs: int
    accuracy: Accuracy | None
    """``None`` of too few runs."""
    parts: "tuple[Line, ...]" = ()
    """The same runs in smaller groups."""

    @property
    def too_few(self) -> str:
        """What is said in place of medians; nothing where there are."""
        return "" if self.accuracy else f"{self.runs} run{'s' if self.runs != 1 else ''}: too few to say"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One finished run, with its estimate's signed error of duration (0.1: 10 % too long)."""

    row: RunMeasurement
    comparison: Comparison
    error: float

    @property
    def basis(self) -> str:
        """What it was estimated from, in words."""
        return dict(RunPlan.Basis.choices).get(self.row.basis, self.row.basis)


@dataclass(frozen=True, kw_only=True)
class SameRuns:
    """What each basis said of the throughput of the very same runs: the only fair match between them."""

    name: str
    runs: int
    of_list: float | None
    of_architecture: float | None
    as_estimated: float | None


@dataclass(frozen=True, kw_only=True)
class TrackRecord:
    """Oldest run first."""

    runs: list[Compared]
    overall: Line
    by_hardware: list[Line]
    """Each in parts, by basis."""
    by_basis: list[Line]
    by_model: list[Line]
    by_month: list[Line]
    same_runs: list[SameRuns]
    """By hardware, of at least ``FEWEST`` runs whose model's architecture is known."""


def track_record(rows: Iterable[RunMeasurement]) -> TrackRecord:
    """Of whole runs for which there was a prediction, on the hardware that was chosen (``comparable``)."""
    runs = [compared for row in rows if (compared := _compare(row))]
    runs.sort(key=lambda run: run.row.created_at)
    return TrackRecord(
        runs=runs,
        overall=_line("All runs", runs),
        by_hardware=_lines(runs, _hardware, then=lambda run: run.basis),
        by_basis=_lines(runs, lambda run: run.basis),
        by_model=_lines(runs, lambda run: run.row.base_model.name),
        by_month=_lines(runs, lambda run: _month(run.row.created_at.date())),
        same_runs=_same_runs(runs),
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


Key = Callable[[Compared], str]


def _grouped(runs: Iterable[Compared], key: Key) -> dict[str, list[Compared]]:
    groups: dict[str, list[Compared]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return groups


def _lines(runs: Iterable[Compared], key: Key, *, then: Key | None = None) -> list[Line]:
    return [
        _line(name, of_group, parts=_lines(of_group, then) if then else ())
        for name, of_group in _grouped(runs, key).items()
    ]


def _line(name: str, runs: Sequence[Compared], parts: Iterable[Line] = ()) -> Line:
    found = accuracy([run.comparison for run in runs])
    return Line(name=name, runs=len(runs), accuracy=found, parts=tuple(parts))


def _same_runs(runs: Iterable[Compared]) -> list[SameRuns]:
    known = [run for run in runs if run.row.modelled_tokens_per_second]
    return [
        SameRuns(
            name=name,
            runs=len(of_group),
            of_list=_throughput_error(of_group, "list_tokens_per_second"),
            of_architecture=_throughput_error(of_group, "modelled_tokens_per_second"),
            as_estimated=_throughput_error(of_group, "predicted_tokens_per_second"),
        )
        for name, of_group in _grouped(known, _hardware).items()
        if len(of_group) >= FEWEST
    ]


def _throughput_error(runs: Iterable[Compared], said: str) -> float | None:
    return median_error((getattr(run.row, said), run.row.tokens_per_second) for run in runs)


def _hardware(run: Compared) -> str:
    return run.row.hardware


def _month(day: date) -> str:
    return f"{day:%B %Y}"
