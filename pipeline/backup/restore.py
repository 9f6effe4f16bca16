"""Bring a back-up back: all of it, or nothing."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from pipeline.backup import database, files
from pipeline.backup.archive import Reader, reading
from pipeline.backup.errors import BackupError
from pipeline.backup.make import DUMP
from pipeline.backup.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was done."""

    manifest: Manifest
    migrated: int
    """Migrations that came after the back-up was made."""
    has_key: bool


def restore(source: Path, *, overwrite: bool) -> Outcome:
    """Check it, put its files in their places, then its database, and bring that up to date.

    Args:
        source: a back-up.
        overwrite: although there are people or files already.

    Raises BackupError, OSError.
    """
    with reading(source) as reader:
        _require_known(reader.manifest)
        if not overwrite:
            if database.has_people():
                raise BackupError("There are people in this database. Restore into an empty one, or say --overwrite.")
            files.require_empty(reader)
        reader.check()
        restored = files.Restored(reader)
        try:
            restored.put()
            _restore_database(reader)
        except BaseException:
            restored.take_away()
            raise
        has_key = restored.put_key()
    before = len(database.migrations())
    call_command("migrate", verbosity=0, interactive=False)
    return Outcome(manifest=reader.manifest, migrated=len(database.migrations()) - before, has_key=has_key)


def _require_known(manifest: Manifest) -> None:
    known = {(app, name) for app, name in MigrationLoader(connection).disk_migrations}
    ours = {app for app, _ in known}
    if unknown := [f"{app} {name}" for app, name in manifest.migrations if app in ours and (app, name) not in known]:
        raise BackupError(
            f"The back-up was made by a later version of Pipeline ({manifest.version}), which has migrations that this "
            f"one lacks: {', '.join(unknown)}. Install that version."
        )


def _restore_database(reader: Reader) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / DUMP
        entry = next((entry for entry in reader.manifest.entries if entry.name == DUMP), None)
        if entry is None:
            raise BackupError("The back-up has no database.")
        with reader.open(entry) as packed, dump.open("wb") as file:
            shutil.copyfileobj(packed, file)
        database.replace(dump)
    connection.close()
