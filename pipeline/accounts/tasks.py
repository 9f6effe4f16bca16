"""Celery tasks of accounts."""

from axes.models import AccessAttempt
from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from pipeline.accounts.models import ApiToken
from pipeline.retention import cutoff, remove


@shared_task
def prune() -> None:
    """Remove sessions that are over, and later on who tried to sign in, and tokens that have expired."""
    remove(Session.objects.filter(expire_date__lt=timezone.now()), oldest_first="expire_date")
    if before := cutoff(settings.KEEP_SIGN_INS_DAYS):
        remove(AccessAttempt.objects.filter(attempt_time__lt=before), oldest_first="attempt_time")
        remove(ApiToken.objects.filter(expiry__lt=before), oldest_first="expiry")
