"""Which data a job trains on, how its trainer gets them, and why they may not be deleted meanwhile."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.dispatch import receiver

from datasets import caches
from datasets.models import Dataset, DatasetVersion, TokenCache
from datasets.signals import dataset_deleting
from datasets.tokenizing.program import PassFailed
from datasets.tokens import TokenizerNotFound
from training.core import status
from training.models import TrainingJob


class DataUnusable(Exception):
    """The job cannot have its data; ``code`` is for machines, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def chosen_for(dataset: Dataset) -> dict[str, Any]:
    """A new job's data: the present version and what is held out, whatever becomes of the data set later."""
    other = dataset.evaluation_dataset
    is_other_usable = other is not None and other.is_trainable and other.deleted_at is None
    return {
        "dataset_version": dataset.version,
        "dataset_sha256": dataset.version.sha256 if dataset.version else "",
        "evaluation_version": other.version if other is not None and is_other_usable else None,
        "evaluation_share": dataset.share_held_out,
        "split_seed": dataset.split_seed,
    }


def hand_over(job: TrainingJob, run_dir: Path, *, is_wanted: Callable[[], bool]) -> dict[str, Any] | None:
    """The job file's fields about data; tokens that are not there yet for its base model are made now, once.

    ``None`` when it was stopped meanwhile. Raises DataUnusable, OSError.
    """
    main = job.dataset_version or job.dataset.version  # none of its own: a job of before versions were kept
    if main is None or job.dataset.deleted_at is not None:
        raise DataUnusable("data_missing", "The job's data set was deleted. Upload it again, and start a new job.")
    paths = []
    for version in (main, job.evaluation_version):
        if version is None:
            paths.append("")
            continue
        cache = _cache(version, job.base_model.source, is_wanted)
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


def _cache(version: DatasetVersion, source: str, is_wanted: Callable[[], bool]) -> TokenCache | None:
    try:
        return caches.cache_for(version, source, on_beat=lambda _: is_wanted())
    except TokenizerNotFound as error:
        raise DataUnusable(
            "model_not_found",
            f"The base model's tokenizer cannot be read from “{source}” on this worker. Correct its source in the "
            f"admin, or put the model there. ({error})",
        ) from error
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


@receiver(dataset_deleting)
def why_needed(sender: object, dataset: Dataset, **_: object) -> str | None:
    """Jobs that wait or run need their data; what is over keeps its name and hash without it."""
    active = TrainingJob.objects.filter(status__in=status.ACTIVE)
    jobs = active.filter(dataset=dataset) | active.filter(evaluation_version__dataset=dataset)
    names = [f"{str(job.pk)[:8]} ({job.get_status_display().lower()})" for job in jobs[:5]]
    if not names:
        return None
    count = jobs.count()
    more = f" and {count - len(names)} more" if count > len(names) else ""
    one = "A training job needs" if count == 1 else "Training jobs need"
    return f"{one} it: {', '.join(names)}{more}. Wait for {'it' if count == 1 else 'them'}, or cancel first."
