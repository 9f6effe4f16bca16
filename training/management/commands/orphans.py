"""``manage.py orphans``: files that belong to nothing, and rows whose file is gone."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand
from django.template.defaultfilters import filesizeformat

from datasets import orphans as of_datasets
from pipeline.orphans import Missing, Orphan, remove_old
from training.workers import orphans as of_jobs


class Command(BaseCommand):
    help = (
        "Lists files in storage, and runs and uploads of this machine, that belong to no data set or job; and rows "
        "whose file is gone. Removes nothing unless told. An hourly task does what --delete does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--delete", action="store_true", help="remove those that are older than an hour")

    def handle(self, *_: Any, delete: bool, **options: Any) -> None:
        orphans = [*of_datasets.orphans(), *of_jobs.orphans()]
        self._list_orphans(orphans)
        self._list_missing([*of_datasets.rows_without_file(), *of_jobs.rows_without_file()])
        if delete:
            self.stdout.write(f"Removed {remove_old(orphans)} of them; what is younger than an hour stays.")
        elif any(orphan.is_old for orphan in orphans):
            self.stdout.write("Nothing was removed. --delete removes what is older than an hour.")

    def _list_orphans(self, orphans: Sequence[Orphan]) -> None:
        for orphan in orphans:
            young = "" if orphan.is_old else ", just written"
            self.stdout.write(f"{orphan.path}  ({_size(orphan.size)}, of no {orphan.kind}{young})")
        total = _size(sum(orphan.size for orphan in orphans))
        self.stdout.write(f"Files and folders that belong to nothing: {len(orphans)}, {total}")

    def _list_missing(self, rows: Sequence[Missing]) -> None:
        for row in rows:
            self.stdout.write(f"{row.path}  (gone, {row.row} names it)")
        self.stdout.write(f"Rows whose file is gone: {len(rows)}")


def _size(size: int) -> str:
    return filesizeformat(size).replace("\xa0", " ")
