"""The requests that made jobs."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from training.models.job import TrainingJob


class IdempotencyKeyQuerySet(models.QuerySet[Any]):
    """Keys are kept for a day."""

    KEPT = timedelta(hours=24)
    FORGOTTEN_AT_ONCE = 1000

    def expired(self) -> "IdempotencyKeyQuerySet":
        """Older than that: the request may be made again."""
        return self.filter(created_at__lte=Now() - self.KEPT)

    def forget_expired(self) -> None:
        """Remove the oldest of them."""
        self.filter(pk__in=self.expired().order_by("created_at").values("pk")[: self.FORGOTTEN_AT_ONCE]).delete()


class IdempotencyKey(models.Model):
    """A request that was carried out, so that its repetition is answered alike and does nothing."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was asked.")
    job = models.ForeignKey(
        TrainingJob, on_delete=models.SET_NULL, null=True, related_name="+", help_text="Empty: it was deleted."
    )
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        db_table = "lora_idempotency_keys"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
