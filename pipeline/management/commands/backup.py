"""``manage.py backup TARGET``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.template.defaultfilters import filesizeformat

from pipeline.backup.errors import BackupError
from pipeline.backup.make import make


class Command(BaseCommand):
    help = (
        "Backs up the database and the files that it names, checkpoints and the secret key: into the folder TARGET, or "
        "a tar file if it ends in .tar. The site may go on meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", type=Path)
        parser.add_argument("--with-models", action="store_true", help="base models as well")

    def handle(self, *_: Any, target: Path, with_models: bool, **options: Any) -> None:
        try:
            manifest = make(target.absolute(), with_models=with_models)
        except (BackupError, DatabaseError) as error:
            raise CommandError(f"{error} Nothing was left at {target}.") from error
        except OSError as error:
            raise CommandError(f"{target} could not be written: {error}. Nothing was left there.") from error
        size = filesizeformat(sum(entry.size for entry in manifest.entries)).replace("\xa0", " ")
        self.stdout.write(
            f"{target}: {sum(manifest.rows.values()):,} rows of {len(manifest.rows)} tables, {len(manifest.entries)} "
            f"files, {size}. It holds secrets: passwords' hashes, and the key of sessions unless that is in the "
            "environment. Keep it where only you can read it."
        )
        if manifest.gone:
            self.stdout.write(f"Files that are gone, though rows name them (deleted data sets'): {len(manifest.gone)}")
