"""Jobs that were deleted."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

LONGEST_TITLE = 300


class JobDeletion(models.Model):
    """What is kept of a job that was deleted: what it was, what it cost, and who deleted it when.

    Whoever adds up what has been spent adds these up, too.
    """

    job_id = models.UUIDField(unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="Whose it was."
    )
    created_at = models.DateTimeField("deleted at", db_default=Now())
    actor = models.CharField(max_length=150, help_text="Who deleted it.")
    title = models.CharField(max_length=LONGEST_TITLE)
    status = models.CharField(max_length=16)
    gpu_config = models.JSONField()
    cost = models.DecimalField(max_digits=20, decimal_places=4, help_text="US dollars.")
    job_created_at = models.DateTimeField()
    job_started_at = models.DateTimeField(null=True)
    job_finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lora_job_deletions"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="deletion_by_time"),
            models.Index(fields=["user", "-created_at", "-id"], name="deletion_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.job_id})"
