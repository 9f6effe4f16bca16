"""Runs and adapters that belong to no job, and jobs whose adapter is gone."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.storage import Storage

from pipeline.orphans import Missing, Orphan, local, missing, owner, stored
from training.models import Artifact, TrainingJob
from training.workers.artifacts import FOLDER


def orphans() -> Iterator[Orphan]:
    """Adapters of attempts that lost their claim, or died, before they could say so; runs of jobs that were deleted."""
    yield from stored(_storage(), FOLDER, kind="job", known=_known)
    found = dict(folders())
    jobs = set(TrainingJob.objects.filter(pk__in=found).values_list("pk", flat=True))
    for job_id in sorted(found.keys() - jobs):
        try:
            yield local(found[job_id], kind="job")
        except FileNotFoundError:
            continue  # just removed


def rows_without_file() -> Iterator[Missing]:
    """Artifacts of jobs that can no longer be downloaded."""
    rows = Artifact.objects.only("pk", "file", "file_name", "job_id").iterator()
    yield from missing(_storage(), FOLDER, ((f"{row} of job {row.job_id}", str(row.file.name)) for row in rows))


def folders() -> Iterator[tuple[UUID, Path]]:
    """The folder of each run, by its job."""
    if not settings.RUNS_DIR.is_dir():
        return
    for path in settings.RUNS_DIR.iterdir():
        job_id = owner(path.name)
        if job_id and path.name == str(job_id):  # and not one that has been set aside
            yield job_id, path


def _storage() -> Storage:
    storage: Storage = Artifact.file.field.storage
    return storage


def _known(names: list[str]) -> set[str]:
    """Those that a row has: by the job that a name begins with, which is quick, and what is left by itself."""
    beginnings = filter(None, (owner(name.removeprefix(f"{FOLDER}/")) for name in names))
    found = set(Artifact.objects.filter(job__in=list(beginnings)).values_list("file", flat=True)) & set(names)
    left = list(set(names) - found)
    return found | set(Artifact.objects.filter(file__in=left).values_list("file", flat=True))
