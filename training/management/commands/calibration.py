"""``manage.py calibration report``: how good the estimates of finished runs have been."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from training.core.accuracy import Accuracy
from training.estimates.track_record import Line, track_record
from training.models import RunMeasurement

HEADINGS = ("", "runs", "duration", "throughput", "overhead", "cost", "memory", "in range")


class Command(BaseCommand):
    help = "Compare estimates with what finished runs took, as on the accuracy page, over all users."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        commands.add_parser("report", help="Median errors by hardware, base model, basis and month.")

    def handle(self, **options: Any) -> None:
        record = track_record(RunMeasurement.objects.comparable())
        if record.overall is None:
            self.stdout.write(
                "No run to compare yet: estimates are compared once a run completes on the hardware it was started for."
            )
            return
        self.stdout.write("Median errors of the estimates, and how often the duration was in its 80 % range\n")
        self._table("All", [Line(name="All runs", accuracy=record.overall)])
        self._table("Hardware", record.by_hardware)
        self._table("Base model", record.by_model)
        self._table("Estimated from", record.by_basis)
        self._table("Month", record.by_month)

    def _table(self, title: str, lines: Sequence[Line]) -> None:
        self.stdout.write(f"\n{title:36}" + "".join(f"{heading:>11}" for heading in HEADINGS[1:]))
        for line in lines:
            self.stdout.write(f"{line.name[:35]:36}" + "".join(f"{cell:>11}" for cell in _cells(line.accuracy)))


def _cells(found: Accuracy) -> list[str]:
    errors = (found.hours, found.throughput, found.overhead, found.cost, found.peak)
    return [str(found.runs), *("–" if error is None else f"{error:.1%}" for error in errors), f"{found.coverage:.0%}"]
