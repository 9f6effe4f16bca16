"""What a job produces."""

from django.db import models

from training.models.job import TrainingJob


class Artifact(models.Model):
    """A file that a job produced."""

    class Kind(models.TextChoices):
        ADAPTER = "adapter", "Adapter (zip)"
        PARTIAL = "partial", "Adapter of a stopped run (zip)"

    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="artifacts", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.ADAPTER)
    file = models.FileField(upload_to="adapters/", max_length=200)
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "lora_artifacts"
        indexes = [models.Index(fields=["-created_at", "-id"], name="artifact_by_time")]
        constraints = [models.UniqueConstraint(fields=["job", "kind"], name="artifact_once_a_job")]

    def __str__(self) -> str:
        return self.file_name
