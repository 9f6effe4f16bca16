"""What people do with data sets: upload them, correct how they are read, go on, stop, delete them."""

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import PurePath
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from datasets import cleanup
from datasets.formats.options import TRAIN
from datasets.models import Dataset, DatasetVersion
from datasets.nudges import nudge
from datasets.signals import dataset_deleting
from pipeline.accounts import quotas


class DatasetBusy(Exception):
    """It is being read just now."""


class DatasetNeeded(Exception):
    """It cannot be deleted; the message says what needs it."""


class SameFile(Exception):
    """The file is the same as the present version's."""


def dataset_upload(
    *,
    user: AbstractBaseUser,
    name: str,
    file: File[bytes],
    shape: str = "",
    mapping: Mapping[str, str] | None = None,
    tool_calls: str = TRAIN,
    merge_turns: bool = False,
    fold_system: bool = True,
) -> Dataset:
    """Store the file and, once that is committed, have it validated. Raises QuotaExceeded."""
    digest = _sha256(file)
    with transaction.atomic():
        quotas.require(user, datasets=1, stored_bytes=file.size)
        dataset = Dataset.objects.create(
            user_id=user.pk,
            name=name,
            chosen_shape=shape,
            mapping=dict(mapping or {}),
            tool_calls=tool_calls,
            merge_turns=merge_turns,
            fold_system=fold_system,
        )
        _add_version(dataset, file=file, file_name=_name(file), file_size=file.size, sha256=digest)
    return dataset


def dataset_upload_version(*, dataset: Dataset, file: File[bytes]) -> DatasetVersion:
    """Make a changed file the data set's present version. Raises QuotaExceeded, DatasetBusy, SameFile."""
    digest = _sha256(file)
    with transaction.atomic():
        quotas.require(dataset.user, stored_bytes=file.size)
        dataset = _idle(dataset)
        if dataset.version and dataset.version.sha256 == digest:
            raise SameFile(f"The file is the same as version {dataset.version.number}: nothing has changed.")
        return _add_version(dataset, file=file, file_name=_name(file), file_size=file.size, sha256=digest)


def dataset_read_again(
    *,
    dataset: Dataset,
    shape: str,
    mapping: Mapping[str, str],
    tool_calls: str,
    merge_turns: bool | None = None,
    fold_system: bool | None = None,
) -> None:
    """Read the present file in another way; what is ``None`` stays as it was. Raises DatasetBusy.

    What jobs may have used stays as it was: if the present version was ready, the same file becomes a new version.
    """
    with transaction.atomic():
        dataset = _idle(dataset)
        old = dataset.version
        chosen = {
            "chosen_shape": shape,
            "mapping": dict(mapping),
            "tool_calls": tool_calls,
            "merge_turns": dataset.merge_turns if merge_turns is None else merge_turns,
            "fold_system": dataset.fold_system if fold_system is None else fold_system,
        }
        is_confirmed = old is not None and shape == old.options.get("shape")
        is_changed = any(
            getattr(dataset, name) != value and not (name == "chosen_shape" and is_confirmed)
            for name, value in chosen.items()
        )
        Dataset.objects.filter(pk=dataset.pk).update(**chosen)
        if old and dataset.training_ready and is_changed:
            _add_version(
                dataset, file=str(old.file.name), file_name=old.file_name, sha256=old.sha256, file_size=old.file_size
            )
        else:
            _ask_to_validate(dataset)


def dataset_validate_again(dataset: Dataset) -> bool:
    """Have it validated anew, with the tokenizer of today; ``False`` while it is being validated."""
    try:
        with transaction.atomic():
            _ask_to_validate(_idle(dataset))
    except DatasetBusy:
        return False
    return True


def dataset_go_on(dataset: Dataset) -> bool:
    """Train without the bad rows; ``False`` where there is nothing to go on with."""
    if not dataset.can_go_on_without_bad_rows:
        return False
    return bool(
        Dataset.objects.filter(pk=dataset.pk, status=Dataset.Status.ERROR).update(
            status=Dataset.Status.READY,
            training_ready=True,
            left_out_count=dataset.error_count,
            updated_at=timezone.now(),
        )
    )


def dataset_cancel(dataset: Dataset) -> bool:
    """Stop reading it; ``False`` when it is not being read. The worker sees it within a second or two."""
    reading = [Dataset.Status.UPLOADED, Dataset.Status.VALIDATING]
    return bool(
        Dataset.objects.filter(pk=dataset.pk, status__in=reading).update(
            status=Dataset.Status.CANCELLED, updated_at=timezone.now()
        )
    )


def dataset_change(dataset: Dataset, values: Mapping[str, Any]) -> None:
    """Rename it, or change what is held out for evaluation."""
    for name, value in values.items():
        setattr(dataset, name, value)
    dataset.save(update_fields=[*values, "updated_at"])


def dataset_delete(dataset: Dataset) -> None:
    """Delete it with all its files; the row stays, out of sight, for past jobs to name. Raises DatasetNeeded."""
    answers = [answer for _, answer in dataset_deleting.send(Dataset, dataset=dataset)]
    if reasons := [reason for reason in answers if reason]:
        raise DatasetNeeded(" ".join(reasons))
    with transaction.atomic():
        Dataset.objects.filter(pk=dataset.pk).update(
            training_ready=False, status=Dataset.Status.CANCELLED, deleted_at=timezone.now(), error_report=[]
        )
        Dataset.objects.filter(evaluation_dataset=dataset).update(evaluation_dataset=None)
        for version in dataset.versions.all():
            cleanup.discard_files(version)


def _idle(dataset: Dataset) -> Dataset:
    """The row, locked. Raises DatasetBusy while it is being read."""
    locked: Dataset = Dataset.objects.select_for_update(of=["self"]).select_related("version").get(pk=dataset.pk)
    if locked.status == Dataset.Status.VALIDATING:
        raise DatasetBusy("The dataset is being validated. Wait until that is done, or cancel it first.")
    return locked


def _add_version(
    dataset: Dataset, *, file: File[bytes] | str, file_name: str, file_size: int, sha256: str
) -> DatasetVersion:
    latest = dataset.versions.first()
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=latest.number + 1 if latest else 1,
        file=file,
        file_name=file_name,
        file_size=file_size,
        sha256=sha256,
    )
    dataset.version = version
    dataset.save(update_fields=["version", "updated_at"])
    _ask_to_validate(dataset)
    return version


def _ask_to_validate(dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(
        status=Dataset.Status.UPLOADED,
        training_ready=False,
        progress=0,
        tries=0,
        nudged_at=None,
        updated_at=timezone.now(),
    )
    transaction.on_commit(partial(nudge, dataset))


def _name(file: File[bytes]) -> str:
    """Its name without any folder."""
    return PurePath(file.name or "dataset.jsonl").name[-255:]


def _sha256(file: File[bytes]) -> str:
    """Of an upload, what was reckoned while it came in; of any other file, by reading it."""
    if known := getattr(file, "sha256", ""):
        return str(known)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
