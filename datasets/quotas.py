"""What a user's data sets count for."""

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Sum

from datasets.models import Dataset, DatasetVersion
from pipeline.accounts.quotas import DATASETS, STORED_BYTES, measure


@measure(DATASETS)
def kept(user: AbstractBaseUser) -> int:
    """Those that were not deleted."""
    return Dataset.objects.filter(user_id=user.pk, deleted_at=None).count()


@measure(STORED_BYTES)
def stored_bytes(user: AbstractBaseUser) -> int:
    """Of their files; versions that read one file in several ways have it once."""
    versions = DatasetVersion.objects.filter(dataset__user_id=user.pk, dataset__deleted_at=None)
    files = versions.order_by().values("file", "file_size").distinct()
    return files.aggregate(total=Sum("file_size"))["total"] or 0
