"""Questions asked of data sets."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models

if TYPE_CHECKING:
    from datasets.models import Dataset


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> "DatasetQuerySet":
        """The user's own data sets; another user's looks like none."""
        return self.filter(user_id=user.pk)
