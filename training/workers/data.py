"""How a job's trainer gets its data: as a file of tokens on this machine."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from datasets import caches
from datasets.models import DatasetVersion, TokenCache
from datasets.tokenizing.model_files import TokenizerNotFound
from datasets.tokenizing.program import PassFailed
from pipeline.base_models import ModelNotFound, Place
from training.models import DataFit, RunPlan, TrainingJob
from training.trainer.windows import SPLIT
from training.workers import data_fits


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
    tokens: list[TokenCache] = []
    for version in filter(None, (main, job.evaluation_version)):
        cache = _cache(version, place, is_wanted)
        if cache is None:
            return None
        tokens.append(cache)
    paths = [str(_here(cache, run_dir)) for cache in tokens]
    share = settings.EVALUATION_SHARE if job.evaluation_share is None else job.evaluation_share
    return _checked(job, tokens[0], place) | {
        "dataset_path": paths[0],
        "dataset_name": job.dataset.name,
        "dataset_format": main.options.get("shape", job.dataset.format),
        "dataset_sha256": job.dataset_sha256,
        "evaluation_path": paths[1] if len(paths) > 1 else "",
        "evaluation_share": share,
        "split_seed": job.split_seed,
    }


def _checked(job: TrainingJob, cache: TokenCache, place: Place) -> dict[str, Any]:
    """The longest sequence and what is to be trained on, as the job's plan has it or, for want of that, as counted now.

    Raises DataUnusable where rows would be lost that nobody has agreed to lose.
    """
    plan = RunPlan.objects.filter(pk=job.pk).first()
    too_long = plan.too_long if plan else SPLIT
    fit = DataFit(**data_fits.counted(cache, place, length=job.settings.max_sequence_length, too_long=too_long))
    if fit.lost_count and not (plan and plan.allow_dropped_rows):
        first = fit.lost[0]
        raise DataUnusable(
            "rows_lost",
            f"{fit.lost_in_words}. Line {first['line']}: {first['reason']} Start the job again with "
            "allow_dropped_rows, or correct them.",
        )
    expected = {"conversations": fit.conversations, "pairs": fit.pairs}
    if plan and plan.conversations is not None and plan.pairs is not None:
        expected = {"conversations": plan.conversations, "pairs": plan.pairs}
    lost = {"dropped": fit.dropped, "truncated": fit.truncated}
    return {"max_sequence_length": fit.limit, "too_long": too_long, "expected": expected | lost}


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
