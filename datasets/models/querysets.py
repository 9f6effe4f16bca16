"""Questions asked of data sets."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.utils import timezone

LONG = ("error_report", "length_histogram")
"""Columns that no list shows: ``defer(*LONG)``."""


class DatasetQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> "DatasetQuerySet":
        """The user's own data sets; another user's looks like none, as does a deleted one."""
        return self.filter(user_id=user.pk, deleted_at__isnull=True)

    def awaiting_validation(self, told: timedelta, silence: timedelta) -> "DatasetQuerySet":
        """Uploaded and not told to a worker within ``told``, or validating without a heartbeat for ``silence``."""
        now = timezone.now()
        not_told = models.Q(nudged_at__isnull=True) | models.Q(nudged_at__lte=now - told)
        waiting = models.Q(status="uploaded") & not_told
        abandoned = models.Q(status="validating", heartbeat_at__lte=now - silence) & not_told
        lost = self.being_read().filter(waiting | abandoned)
        return lost.order_by(models.F("nudged_at").asc(nulls_first=True))

    def being_read(self) -> "DatasetQuerySet":
        """Uploaded, and not validated yet."""
        return self.filter(status__in=["uploaded", "validating"], deleted_at__isnull=True)
