"""``manage.py restore SOURCE``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from pipeline.backup.errors import BackupError
from pipeline.backup.files import MEDIA, MODELS, RUNS
from pipeline.backup.restore import restore


class Command(BaseCommand):
    help = (
        "Restores what “manage.py backup” made: database, files, checkpoints and the secret key, and brings the "
        "database up to date. Nothing else may be running."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path)
        parser.add_argument("--overwrite", action="store_true", help="in place of what is there")

    def handle(self, *_: Any, source: Path, overwrite: bool, **options: Any) -> None:
        try:
            done = restore(source.absolute(), overwrite=overwrite)
        except (BackupError, DatabaseError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"It could not be restored: {error}. What was begun has been undone.") from error
        manifest = done.manifest
        counts = ", ".join(f"{len(manifest.below(name))} of {name}" for name in (MEDIA, RUNS, MODELS))
        self.stdout.write(
            f"Restored what Pipeline {manifest.version} had at {manifest.made_at}: "
            f"{sum(manifest.rows.values()):,} rows of {len(manifest.rows)} tables; files: {counts}."
        )
        if done.migrated:
            self.stdout.write(f"The back-up was older: {done.migrated} migration(s) were applied.")
        kept = "The secret key was restored: who was signed in still is."
        self.stdout.write(kept if done.has_key else "The secret key is this installation's own, or the environment's.")
        active = apps.get_model("training", "TrainingJob").objects.exclude(finished_at__isnull=False).count()
        self.stdout.write(
            f"Jobs that wait or were under way: {active}. The sweep has workers take them up, from their last "
            "checkpoints. Cancel those that have ended since, before workers start."
        )
        self.stdout.write("Files that are missing: manage.py orphans lists them.")
