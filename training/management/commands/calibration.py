"""``manage.py calibration``: how good the estimates of finished runs have been."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from training.core.accuracy import Accuracy
from training.estimates.measurements import refresh
from training.estimates.track_record import Line, SameRuns, TrackRecord, track_record
from training.models import RunMeasurement

HEADINGS = ("runs", "duration", "throughput", "overhead", "cost", "memory", "in range")
NOTHING = "No run to compare yet: estimates are compared once a run finishes on the hardware it was started for."
LEGEND = (
    "Median errors of the estimates, and how often the duration was in its 80 % range.\n"
    "Overhead (starting, evaluating, saving): the error as a share of the whole run."
)


class Command(BaseCommand):
    help = "How good the estimates of finished runs have been, over all users, and what is learned from them."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        commands.add_parser("report", help="Median errors by basis, hardware, base model and month.")
        commands.add_parser(
            "refresh", help="Hold all runs against today's catalogue and formulas, after either has changed."
        )

    def handle(self, *, command: str, **options: Any) -> None:
        if command == "refresh":
            self.stdout.write(f"{refresh()} runs are held against today's figures.")
            return
        self._compare()

    def _compare(self) -> None:
        record = track_record(RunMeasurement.objects.comparable())
        if elsewhere := RunMeasurement.objects.elsewhere().count():
            self.stdout.write(f"Not counted: {elsewhere} run(s) on another device than the one chosen.")
        if not record.runs:
            self.stdout.write(NOTHING)
            return
        self._report(record)

    def _report(self, record: TrackRecord) -> None:
        self.stdout.write(LEGEND)
        self._table("All", [record.overall])
        self._table("Estimated from", record.by_basis)
        self._table("Hardware", record.by_hardware)
        self._table("Base model", record.by_model)
        self._table("Month", record.by_month)
        if record.same_runs:
            self._same_runs(record.same_runs)

    def _table(self, title: str, lines: Sequence[Line]) -> None:
        self.stdout.write("")
        self._row(title, HEADINGS)
        for line in lines:
            self._row(line.name, _cells(line))
            for part in line.parts:
                self._row(f"  {part.name}", _cells(part))

    def _same_runs(self, lines: Sequence[SameRuns]) -> None:
        self.stdout.write("")
        self._row("Throughput of the same runs", ("runs", "list", "architect.", "estimated"))
        for line in lines:
            errors = (line.of_list, line.of_architecture, line.as_estimated)
            self._row(line.name, [str(line.runs), *map(_percent, errors)])

    def _row(self, name: str, cells: Sequence[str]) -> None:
        self.stdout.write(f"{name[:36]:37}" + "".join(f"{cell:>11}" for cell in cells))


def _cells(line: Line) -> Sequence[str]:
    return _errors(line.runs, line.accuracy) if line.accuracy else [f"  {line.too_few}"]


def _errors(runs: int, found: Accuracy) -> Sequence[str]:
    errors = (found.hours, found.throughput, found.overhead, found.cost, found.peak)
    return [str(runs), *map(_percent, errors), f"{found.coverage:.0%}"]


def _percent(error: float | None) -> str:
    return "–" if error is None else f"{error:.1%}"
