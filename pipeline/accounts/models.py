"""What is kept of accounts beside Django's users: API tokens, and what a user may have."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from knox.models import AuthToken, AuthTokenManager


class ApiTokenManager(AuthTokenManager):  # type: ignore[misc]  # knox has no types
    """Tokens, by whether they are still taken."""

    def valid(self) -> "models.QuerySet[Any]":
        """Those that have not expired."""
        unexpired: models.QuerySet[Any] = self.filter(Q(expiry__isnull=True) | Q(expiry__gt=Now()))
        return unexpired

    def of(self, user: AbstractBaseUser) -> "models.QuerySet[Any]":
        """The user's own, the newest first."""
        return self.valid().filter(user_id=user.pk).order_by("-created", "pk")


class ApiToken(AuthToken):  # type: ignore[misc]
    """A token as knox keeps it (its digest alone), with what its owner wants to know of it."""

    SEEN_EVERY = timedelta(minutes=1)
    """``last_used_at`` is no more exact than that: a write a minute, not one a request."""

    name = models.CharField(max_length=80, blank=True, help_text="What it is for.")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenManager()

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name or 'Token'} ({self.token_key[:10]}…)"

    def was_used(self) -> None:
        """Write down that it was used just now."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at >= self.SEEN_EVERY:
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)


class Quota(models.Model):
    """What one user may have, where that differs from the settings; empty: as they say."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="quota"
    )
    stored_bytes = models.PositiveBigIntegerField(null=True, blank=True, help_text="Of data sets and adapters.")
    datasets = models.PositiveIntegerField("data sets", null=True, blank=True)
    tokens = models.PositiveIntegerField("API tokens", null=True, blank=True)
    waiting_jobs = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Quota of {self.user}"
