"""What a user's jobs count for."""

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Sum

from pipeline.accounts.quotas import STORED_BYTES, WAITING_JOBS, measure
from training.models import Artifact, TrainingJob


@measure(WAITING_JOBS)
def waiting_jobs(user: AbstractBaseUser) -> int:
    """Those that no worker has yet."""
    return TrainingJob.objects.waiting().filter(user_id=user.pk).count()


@measure(STORED_BYTES)
def stored_bytes(user: AbstractBaseUser) -> int:
    """Of the adapters that they made."""
    return Artifact.objects.filter(user_id=user.pk).aggregate(total=Sum("size"))["total"] or 0
