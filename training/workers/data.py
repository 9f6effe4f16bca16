"""How a job's trainer gets its data: as a file of tokens on this machine."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from datasets import caches
from datasets.models import DatasetVersion, TokenCache
from datasets.tokenizing.program import PassFailed
from datasets.tokenizing.tokens import TokenizerNotFound
from pipeline.base_models import ModelNotFound, Place
from training.models import TrainingJob


class DataUnusable(Exception):
    """The job cannot have its data; ``code`` is for machines, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def hand_over(job: TrainingJob, run_dir: Path, *, is_wanted: Callable[[], bool]) -> dict[str, Any] | None:
    """The job file's fields about data; tokens that are not there yet for its base model are made now, once.

    ``None`` when it was stopped meanwhile. Raises DataUnusable, OSError.
    """
    main = job.dataset_version or job.dataset.version  # none of its own: a job of before versions were kept
    if main is None or job.dataset.deleted_at is not None:
        raise DataUnusable("data_missing", "The job's data set was deleted. Upload it again, and start a new job.")
    place = _pinned(job)
    paths = []
    for version in (main, job.evaluation_version):
        if version is None:
            paths.append("")
            continue
        cache = _cache(version, place, is_wanted)
        if cache is None:
            return None
        paths.append(str(_here(cache, run_dir)))
    share = settings.EVALUATION_SHARE if job.evaluation_share is None else job.evaluation_share
    return {
        "dataset_path": paths[0],
        "dataset_name": job.dataset.name,
        "dataset_format": main.options.get("shape", job.dataset.format),
        "dataset_sha256": job.dataset_sha256,
        "evaluation_path": paths[1],
        "evaluation_share": share,
        "split_seed": job.split_seed,
    }


def _pinned(job: TrainingJob) -> Place:
    """Where the base model lies. Of a hub model, the commit that the first attempt found is kept for all others."""
    place = job.place
    try:
        pinned = place.pinned()
    except ModelNotFound as error:
        raise _no_tokenizer(place, error) from error
    if pinned != place:
        TrainingJob.objects.held_by(job).update(base_model_revision=pinned.revision)
        job.base_model_revision = pinned.revision
    return pinned


def _no_tokenizer(place: Place, error: Exception) -> DataUnusable:
    return DataUnusable(
        "model_not_found",
        f"The base model's tokenizer cannot be read from “{place.source}” on this worker. Correct its source in the "
        f"admin, or put the model there. ({error})",
    )


def _cache(version: DatasetVersion, place: Place, is_wanted: Callable[[], bool]) -> TokenCache | None:
    try:
        return caches.cache_for(version, place, on_beat=lambda _: is_wanted())
    except TokenizerNotFound as error:
        raise _no_tokenizer(place, error) from error
    except PassFailed as error:
        raise DataUnusable("data_invalid", error.problem.reason) from error
    except FileNotFoundError as error:
        message = f"Version {version.number} of the data set is no longer in storage. Upload it again."
        raise DataUnusable("data_missing", message) from error


def _here(cache: TokenCache, run_dir: Path) -> Path:
    """The cache as a file of this machine: where storage is a folder, the stored file itself."""
    try:
        return Path(cache.file.path)
    except NotImplementedError:
        copy = run_dir / Path(str(cache.file.name)).name
        if not copy.exists():
            draft = copy.with_suffix(".draft")
            with cache.file.open("rb") as source, draft.open("wb") as target:
                shutil.copyfileobj(source, target)
            draft.replace(copy)
        return copy
