"""What a job produces."""

from typing import Any

from django.conf import settings
from django.db import models

from training.models.job import TrainingJob


class Artifact(models.Model):
    """A file that a job produced."""

    class Kind(models.TextChoices):
        ADAPTER = "adapter", "Adapter (zip)"
        PARTIAL = "partial", "Adapter of a stopped run (zip)"

    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="artifacts", db_index=False)
    # The job's: what somebody has stored is added up from one index, however many jobs they have.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False, editable=False
    )
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.ADAPTER)
    file = models.FileField(upload_to="adapters/", max_length=200)
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "lora_artifacts"
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="artifact_by_time"),
            models.Index(fields=["user"], include=["size"], name="artifact_by_user"),
        ]
        constraints = [models.UniqueConstraint(fields=["job", "kind"], name="artifact_once_a_job")]

    def __str__(self) -> str:
        return self.file_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With the job's user."""
        self.user_id = self.job.user_id
        super().save(*args, **kwargs)
