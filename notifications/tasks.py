"""Celery tasks of notifications."""

from celery import shared_task
from django.conf import settings
from django.db.models import Q

from notifications.models import Notification
from pipeline.retention import cutoff, remove


@shared_task
def prune() -> None:
    """Remove what was told long ago; what nobody has read is kept for longer."""
    for days, is_unread in (
        (settings.KEEP_NOTIFICATIONS_DAYS, False),
        (settings.KEEP_UNREAD_NOTIFICATIONS_DAYS, True),
    ):
        if before := cutoff(days):
            old = Q(created_at__lt=before, read_at__isnull=is_unread)
            remove(Notification.objects.filter(old), oldest_first="created_at")
