"""What workers leave behind, and when it is removed: runs are kept to be continued, but not for ever."""

import logging
import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from pipeline.orphans import remove_old
from pipeline.retention import cutoff
from training.core import status
from training.models import TrainingJob
from training.trainer.protocol import JOURNAL
from training.workers.orphans import folders, orphans

logger = logging.getLogger(__name__)

REMOVED = ".removed"
JOURNAL_BYTES = 64 * 1024**2
"""Some hundred thousand trainers. The journal before the present one is kept as well."""


def prune_runs() -> int:
    """Remove the folders of completed jobs that a crash left behind, and of stopped ones nobody continued.

    A stopped job's checkpoint goes with its folder: a retry then starts from the first step. Returns how many went.
    """
    found = dict(folders())
    is_over = Q(status=status.COMPLETED)
    if before := cutoff(settings.KEEP_RUNS_DAYS):
        is_over |= Q(status__in=status.FINAL, finished_at__lte=before)
    over = TrainingJob.objects.filter(is_over, pk__in=found)
    gone = [job_id for job_id in over.values_list("pk", flat=True) if _set_aside(over, job_id, found[job_id])]
    for path in settings.RUNS_DIR.glob(f"*{REMOVED}"):
        shutil.rmtree(path, ignore_errors=True)
    _turn_over_journal()
    return len(gone)


@transaction.atomic
def _set_aside(over: "QuerySet[TrainingJob]", job_id: UUID, folder: Path) -> bool:
    """Take a run from its job, locked for no longer than that; ``False`` when it has been started again meanwhile."""
    if over.filter(pk=job_id).select_for_update().first() is None:
        return False
    TrainingJob.objects.filter(pk=job_id).update(checkpoint_step=None)
    folder.rename(folder.with_name(f"{folder.name}{REMOVED}"))
    logger.info("job %s: its run is removed", job_id)
    return True


def prune_orphans() -> int:
    """Remove adapters and runs that belong to no job; returns how many."""
    return remove_old(orphans())


def _turn_over_journal() -> None:
    """Who is writing to it finishes his line in the old one."""
    journal = settings.RUNS_DIR / JOURNAL
    if journal.exists() and journal.stat().st_size > JOURNAL_BYTES:
        journal.replace(journal.with_suffix(".before.jsonl"))
