"""What a job leaves behind: its history, its measurements, its files; and the requests that made it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from training.core import status
from training.models.jobs import TrainingJob
from training.querysets import IdempotencyKeyQuerySet


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
        indexes = [models.Index(fields=["to_status", "from_status", "seconds_before"], name="event_by_move")]
        constraints = [
            models.CheckConstraint(condition=Q(to_status__in=status.ALL), name="event_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.from_status or 'new'} → {self.to_status}"


class JobMetric(models.Model):
    """What the trainer measured at one optimizer step; ``evaluation_loss`` where it evaluated after it."""

    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="metrics")
    step = models.PositiveBigIntegerField()
    epoch = models.FloatField()
    loss = models.FloatField(null=True, blank=True)
    learning_rate = models.FloatField(null=True, blank=True)
    gradient_norm = models.FloatField(null=True, blank=True)
    tokens_per_second = models.FloatField(null=True, blank=True)
    evaluation_loss = models.FloatField(null=True, blank=True)

    class Meta:
        db_table = "lora_job_metrics"
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["job", "step"], name="metric_once_a_step")]

    def __str__(self) -> str:
        return f"step {self.step}"


class Artifact(models.Model):
    """A file that a job produced."""

    class Kind(models.TextChoices):
        ADAPTER = "adapter", "Adapter (zip)"
        PARTIAL = "partial", "Adapter of a stopped run (zip)"

    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="artifacts")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.ADAPTER)
    file = models.FileField(upload_to="adapters/", max_length=200)
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "lora_artifacts"
        constraints = [models.UniqueConstraint(fields=["job", "kind"], name="artifact_once_a_job")]

    def __str__(self) -> str:
        return self.file_name


class IdempotencyKey(models.Model):
    """A request that was carried out, so that its repetition is answered alike and does nothing."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was asked.")
    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="+")
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        db_table = "lora_idempotency_keys"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
