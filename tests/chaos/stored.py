"""What is left of uploads when all is over: held against what people were answered."""

import hashlib
from collections import Counter
from datetime import timedelta

from django.core.files.storage import default_storage

from datasets import orphans as of_datasets
from datasets.models import Dataset, TokenCache
from pipeline import orphans
from tests.chaos.findings import Findings
from tests.chaos.people import People
from training.models import Artifact
from training.workers import orphans as of_jobs


def is_everything_read() -> bool:
    """Whether no upload waits to be validated."""
    return not Dataset.objects.filter(deleted_at=None, status__in=["uploaded", "validating"]).exists()


def look(people: People) -> Findings:
    """Count everything that people uploaded and deleted, and what belongs to nothing."""
    rows = {str(dataset.pk): dataset for dataset in Dataset.objects.select_related("version")}
    kept = {key: upload for key, upload in people.uploads.items() if not upload.deletion}
    deleted = [key for key, upload in people.uploads.items() if upload.deletion == "done"]
    lost = [key for key in kept if key not in rows or rows[key].deleted_at]
    changed = [key for key, upload in kept.items() if key not in lost and _sha256(rows[key]) != upload.sha256]
    unread = [
        f"{key}: {rows[key].status} {rows[key].error_report}"
        for key in kept
        if key not in lost and rows[key].status != "ready"
    ]
    undeleted = [key for key in deleted if key in rows and not rows[key].deleted_at]
    names = Counter(dataset.name for dataset in rows.values())
    twice = [name for name, count in names.items() if count > 1]
    unanswered = sum(names[name] for name in people.unanswered)
    left = list(of_datasets.orphans()) + list(of_jobs.orphans())
    size = sum(orphan.size for orphan in left)
    missing = [*of_datasets.rows_without_file(), *of_jobs.rows_without_file()]
    unnamed = _unnamed()
    return Findings(
        figures=[
            *(f"{kind}: {answers}" for kind, answers in people.answers.items()),
            *(f"{kind} without an answer or 5xx, by what was down: {dict(answers.during)}"
              for kind, answers in people.answers.items() if answers.during),
            f"uploads answered with 201: {len(people.uploads)}; deleted: {len(deleted)}; still there: "
            f"{len(kept) - len(lost)}, with their very bytes: {len(kept) - len(lost) - len(changed)}, validated: "
            f"{len(kept) - len(lost) - len(unread)}; broken off and there all the same: {unanswered}",
            f"files that crashes left: {len(left)} ({size} bytes), removed; then of no row: {len(unnamed)}",
        ],
        broken={
            f"uploads lost: {lost}": bool(lost),
            f"uploads changed: {changed}": bool(changed),
            f"uploads not validated: {unread}": bool(unread),
            f"uploads there twice: {twice}": bool(twice),
            f"deleted, and still there: {undeleted}": bool(undeleted),
            f"rows whose file is gone: {missing}": bool(missing),
            f"files of no row: {unnamed}": bool(unnamed),
            **{text: True for answers in people.answers.values() for text in answers.wrong},
            "no upload was answered": not people.uploads,
            "no estimate was answered": not people.prices,
        },
    )  # fmt: skip


def _sha256(dataset: Dataset) -> str:
    with dataset.version.file.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(dataset: Dataset) -> list[str]:
    """Those that are still in storage."""
    versions = dataset.versions.all()
    names = [field.name for version in versions for field in (version.file, version.left_out)]
    for cache in TokenCache.objects.filter(version__in=versions):
        names += [cache.file.name, cache.left_out.name]
    return [name for name in names if name and default_storage.exists(name)]


def _unnamed() -> list[str]:
    """What is in storage and belongs to no row, once the finder has been there: told of here by another way."""
    orphans.OLD = timedelta(0)
    orphans.remove_old([*of_datasets.orphans(), *of_jobs.orphans()])
    there = set(orphans.listing(default_storage, "datasets")) | set(orphans.listing(default_storage, "adapters"))
    named = set(Artifact.objects.values_list("file", flat=True))
    for dataset in Dataset.objects.filter(deleted_at=None):
        named.update(_files(dataset))
    return sorted(there - named)
