"""Questions asked of training jobs and workers. Ages are measured on the database's clock: hosts' clocks differ."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db import models
from django.db.models import F, Q, Window
from django.db.models.functions import Now, RowNumber

from training.core import status


class TrainingJobQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> "TrainingJobQuerySet":
        """The user's own jobs; another user's looks like none."""
        return self.filter(user_id=user.pk)

    def active(self) -> "TrainingJobQuerySet":
        """Queued or being worked on."""
        return self.filter(status__in=status.ACTIVE)

    def claimed(self) -> "TrainingJobQuerySet":
        """Being worked on."""
        return self.filter(status__in=status.CLAIMED)

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
        """Available, and no worker was told since it is queued, or within ``age``: the message may have been lost."""
        return self.available().filter(Q(nudged_at__isnull=True) | Q(nudged_at__lte=Now() - age))

    def stalled(self, silence: timedelta) -> "TrainingJobQuerySet":
        """Claimed, but the worker's heartbeat stopped at least ``silence`` ago."""
        return self.claimed().filter(heartbeat_at__lte=Now() - silence)


class WorkerQuerySet(models.QuerySet[Any]):
    ALIVE = timedelta(seconds=20)
    """Longer than a few of the reports that a worker makes every five seconds."""

    def alive(self) -> "WorkerQuerySet":
        """Heard of just now."""
        return self.filter(last_seen_at__gte=Now() - self.ALIVE)

    def serving(self, queue: str) -> "WorkerQuerySet":
        return self.filter(queues__contains=[queue])


class RunMeasurementQuerySet(models.QuerySet[Any]):
    LATEST = 50
    """Of each hardware: machines, drivers and programs change."""
    MOST_COMPARED = 1000

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> "RunMeasurementQuerySet":
        """Of the user's own jobs; of everybody's for who may see them in the admin."""
        if isinstance(user, PermissionsMixin) and user.has_perm("training.view_runmeasurement"):
            return self
        return self.filter(job__user_id=user.pk)

    def comparable(self) -> "RunMeasurementQuerySet":
        """The latest whole runs for which there was a prediction on the hardware that they really ran on."""
        rows = self.filter(is_whole=True, predicted_hours__isnull=False).order_by("-created_at")
        return rows.select_related("base_model", "job")[: self.MOST_COMPARED]

    def latest_on(self, hardware: Iterable[str]) -> "RunMeasurementQuerySet":
        """The latest of each of these, runs and probes."""
        place = Window(RowNumber(), partition_by=F("hardware"), order_by=F("created_at").desc())
        return self.filter(hardware__in=list(hardware)).annotate(place=place).filter(place__lte=self.LATEST)


class IdempotencyKeyQuerySet(models.QuerySet[Any]):
    KEPT = timedelta(hours=24)

    def expired(self) -> "IdempotencyKeyQuerySet":
        return self.filter(created_at__lte=Now() - self.KEPT)
