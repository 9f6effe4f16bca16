"""What people do with data sets: upload them."""

from functools import partial
from pathlib import PurePath

from django.contrib.auth.models import AbstractBaseUser
from django.core.files import File
from django.db import transaction

from datasets import tasks
from datasets.models import Dataset


def dataset_upload(*, user: AbstractBaseUser, name: str, file: File) -> Dataset:
    """Store the file and, once that is committed, have it validated."""
    file_name = PurePath(file.name or "dataset.jsonl").name
    with transaction.atomic():
        dataset = Dataset.objects.create(
            user_id=user.pk, name=name, file=file, file_name=file_name[-255:], file_size=file.size
        )
        transaction.on_commit(partial(tasks.nudge, dataset))
    return dataset


def dataset_validate_again(dataset: Dataset) -> bool:
    """Have it validated anew, with the tokenizer of today; ``False`` while it is being validated."""
    with transaction.atomic():
        mine = Dataset.objects.filter(pk=dataset.pk).exclude(status=Dataset.Status.VALIDATING)
        changed = mine.update(status=Dataset.Status.UPLOADED, training_ready=False, progress=0, nudged_at=None)
        if changed:
            transaction.on_commit(partial(tasks.nudge, dataset))
    return bool(changed)
