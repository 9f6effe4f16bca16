"""What workers leave behind, and when it is removed: runs are kept to be continued, but not for ever."""

import logging
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from training.core import status
from training.models import Artifact, TrainingJob
from training.workers.artifacts import FOLDER

logger = logging.getLogger(__name__)

ORPHANED_AFTER = timedelta(hours=1)


def prune_runs() -> int:
    """Remove the folders of completed jobs that a crash left behind, and of stopped ones nobody continued.

    A stopped job's checkpoint goes with its folder: a retry then starts from the first step. Returns how many went.
    """
    folders = dict(_folders())
    jobs = TrainingJob.objects.filter(pk__in=folders)
    forgotten = Q(status__in=status.FINAL, finished_at__lte=Now() - timedelta(days=settings.KEEP_RUNS_DAYS))
    gone = set(jobs.filter(Q(status=status.COMPLETED) | forgotten).values_list("pk", flat=True))
    jobs.filter(pk__in=gone).update(checkpoint_step=None)
    for job_id in gone:
        shutil.rmtree(folders[job_id], ignore_errors=True)
        logger.info("job %s: its run was removed", job_id)
    return len(gone)


def _folders() -> Iterator[tuple[UUID, Path]]:
    """Each run's folder, by its job."""
    if not settings.RUNS_DIR.is_dir():
        return
    for path in settings.RUNS_DIR.iterdir():
        try:
            yield UUID(path.name), path
        except ValueError:
            continue  # not a run


def prune_artifacts(*, older: timedelta = ORPHANED_AFTER) -> int:
    """Remove stored adapters that belong to no job: of an attempt that lost its claim, or died, before it could say so.

    An attempt may be about to say so: what is younger than ``older`` stays. Returns how many went.
    """
    storage = Artifact.file.field.storage
    try:
        _, names = storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    paths = [f"{FOLDER}/{name}" for name in names]
    known = set(Artifact.objects.filter(file__in=paths).values_list("file", flat=True))
    gone = [path for path in paths if path not in known and timezone.now() - storage.get_modified_time(path) > older]
    for path in gone:
        storage.delete(path)
        logger.info("%s belonged to no job and was removed", path)
    return len(gone)
