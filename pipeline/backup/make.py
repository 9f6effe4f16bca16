"""Make a back-up while people go on working."""

import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from pipeline.backup import database, files
from pipeline.backup.archive import put_bytes, writing
from pipeline.backup.manifest import NAME, Manifest

DUMP = "database.dump"


def make(target: Path, *, with_models: bool) -> Manifest:
    """The database as of one moment first, then the files that it names: each was stored before its row was.

    Files are never changed, so only what is deleted meanwhile is missing: its owner wanted it gone. The manifest says
    which. Raises BackupError, OSError.
    """
    with writing(target) as writer:
        with tempfile.TemporaryDirectory(prefix=".pipeline-", dir=target.parent) as folder:
            dump = Path(folder) / DUMP
            with database.snapshot() as snapshot:
                manifest = Manifest(
                    made_at=timezone.now().isoformat(),
                    version=_version(),
                    migrations=database.migrations(),
                    rows=database.rows(),
                )
                names = database.stored_files()
                database.dump(dump, snapshot=snapshot)
            with dump.open("rb") as file:
                manifest.entries.append(writer.put(DUMP, file, dump.stat().st_size))
        stored, manifest.gone = files.put_stored(writer, names)
        manifest.entries += stored + files.put_folder(writer, files.RUNS, settings.RUNS_DIR) + files.put_key(writer)
        if with_models:
            manifest.entries += files.put_folder(writer, files.MODELS, settings.MODELS_DIR)
        put_bytes(writer, NAME, manifest.to_json())
    return manifest


def _version() -> str:
    try:
        return version("pipeline")
    except PackageNotFoundError:
        return "from a clone"
