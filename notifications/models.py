"""What a user is told, in the app first."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class NotificationQuerySet(models.QuerySet["Notification"]):
    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at__isnull=True)

    def mark_read(self) -> int:
        """Mark all of them read; returns how many were unread."""
        return self.unread().update(read_at=timezone.now())


class Notification(models.Model):
    class Priority(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    class Type(models.TextChoices):
        JOB_QUEUED = "job_queued", "Job queued"
        JOB_COMPLETED = "job_completed", "Job completed"
        JOB_FAILED = "job_failed", "Job failed"
        JOB_CANCELLED = "job_cancelled", "Job cancelled"
        DATASET_READY = "dataset_ready", "Dataset ready"
        DATASET_ERROR = "dataset_error", "Dataset has errors"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    type = models.CharField(max_length=32, choices=Type)
    title = models.CharField(max_length=200)
    message = models.TextField()
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.LOW)
    action_url = models.CharField(max_length=200, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        db_table = "lora_notifications"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="notification_by_time"),
            models.Index(fields=["user", "-created_at", "-id"], name="notification_by_user"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notification_unread"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(priority__in=["low", "medium", "high"]), name="notification_priority_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title
