"""A job's history."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from training.core import status
from training.models.job import TrainingJob


class JobEvent(models.Model):
    """One change of a job's status: who, when, from, to, why."""

    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="events")
    created_at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=150, help_text="A user's name, a worker, or the sweep.")
    from_status = models.CharField(max_length=16, blank=True)
    to_status = models.CharField(max_length=16)
    attempt = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    seconds_before = models.FloatField(null=True, blank=True, help_text="How long it had been in the status before.")

    class Meta:
        db_table = "lora_job_events"
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="event_by_time")]
        constraints = [
            models.CheckConstraint(condition=Q(to_status__in=status.ALL), name="event_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.from_status or 'new'} → {self.to_status}"
