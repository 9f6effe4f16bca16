"""Questions asked of training jobs. Ages are measured on the database's clock: hosts' clocks differ."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from datasets.models.querysets import LONG
from training.core import status

LONG_OF_DATASET = tuple(f"dataset__{column}" for column in LONG)
"""Of a job's data set, what no list of jobs shows: ``defer(*LONG_OF_DATASET)``."""


class TrainingJobQuerySet(models.QuerySet[Any]):
    """Jobs, by who may see them and where they stand."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> "TrainingJobQuerySet":
        """The user's own jobs; another user's looks like none."""
        return self.filter(user_id=user.pk)

    def active(self) -> "TrainingJobQuerySet":
        """Queued or being worked on."""
        return self.filter(status__in=status.ACTIVE)

    def claimed(self) -> "TrainingJobQuerySet":
        """Being worked on."""
        return self.filter(status__in=status.CLAIMED)

    def held_by(self, job: Any) -> "TrainingJobQuerySet":
        """The job, if it is still being worked on by the attempt that ``job`` says."""
        return self.claimed().filter(pk=job.pk, attempt=job.attempt)

    def waiting(self) -> "TrainingJobQuerySet":
        """Queued, in the order they are taken."""
        return self.filter(status=status.QUEUED).order_by("queued_at", "id")

    def available(self) -> "TrainingJobQuerySet":
        """Waiting, and not held back until later."""
        return self.waiting().filter(available_at__lte=Now())

    def on_gpus(self, names: Iterable[str]) -> "TrainingJobQuerySet":
        """Jobs for one of these GPU types."""
        return self.filter(gpu_config__type__in=list(names))

    def of_at_most(self, gpu_count: int) -> "TrainingJobQuerySet":
        """Jobs that a host with so many GPUs can run."""
        return self.filter(gpu_config__count__lte=gpu_count)

    def unannounced(self, age: timedelta) -> "TrainingJobQuerySet":
        """Available, and no worker was told since it is queued, or within ``age``: the message may have been lost.

        Those that nobody was told of come first.
        """
        untold = self.available().filter(Q(nudged_at__isnull=True) | Q(nudged_at__lte=Now() - age))
        return untold.order_by(F("nudged_at").asc(nulls_first=True))

    def stalled(self, silence: timedelta) -> "TrainingJobQuerySet":
        """Claimed, but the worker's heartbeat stopped at least ``silence`` ago; the longest silent first."""
        return self.claimed().filter(heartbeat_at__lte=Now() - silence).order_by("heartbeat_at")
