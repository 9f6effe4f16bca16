"""Questions asked of training jobs."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.utils import timezone

from training.core import status


class TrainingJobQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> "TrainingJobQuerySet":
        """The user's own jobs; another user's looks like none."""
        return self.filter(user_id=user.pk)

    def active(self) -> "TrainingJobQuerySet":
        """Queued or being worked on."""
        return self.filter(status__in=status.ACTIVE)

    def unclaimed_for(self, age: timedelta) -> "TrainingJobQuerySet":
        """Queued, and no worker was told of it within ``age``: the message may have been lost."""
        told = models.Q(nudged_at__isnull=True, queued_at__lte=timezone.now() - age)
        return self.filter(told | models.Q(nudged_at__lte=timezone.now() - age), status=status.QUEUED)

    def stalled(self, silence: timedelta) -> "TrainingJobQuerySet":
        """Claimed, but the worker's heartbeat stopped at least ``silence`` ago."""
        return self.filter(status__in=status.CLAIMED, heartbeat_at__lte=timezone.now() - silence)
