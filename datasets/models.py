"""A data set: an uploaded file, what is known of it, and what was wrong with it."""

import uuid
from pathlib import PurePosixPath

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from datasets.querysets import DatasetQuerySet


def upload_path(dataset: "Dataset", filename: str) -> str:
    """Where a data set's file is stored: by id, so that no name of a user reaches the file system."""
    return f"datasets/{dataset.pk}{PurePosixPath(filename).suffix.lower()[:16]}"


class Dataset(models.Model):
    class Format(models.TextChoices):
        OPENAI_CHAT = "openai_chat", "OpenAI chat (JSON Lines)"

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "Uploaded"
        VALIDATING = "validating", "Validating"
        READY = "ready", "Ready"
        ERROR = "error", "Error"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=32, choices=Format, default=Format.OPENAI_CHAT)
    file = models.FileField(upload_to=upload_path, max_length=200)
    file_name = models.CharField(max_length=255, help_text="The name the file had when it was uploaded.")
    file_size = models.PositiveBigIntegerField(help_text="Bytes.")
    status = models.CharField(max_length=16, choices=Status, default=Status.UPLOADED)
    training_ready = models.BooleanField(default=False)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Validation progress in percent.")
    total_conversations = models.PositiveBigIntegerField(null=True, blank=True)
    total_training_pairs = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Assistant turns that are trained on."
    )
    total_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    tokenizer = models.CharField(
        max_length=200,
        blank=True,
        help_text="The model whose tokenizer and chat template counted the tokens.",
    )
    length_histogram = models.JSONField(
        default=dict,
        blank=True,
        help_text='By tokens: {"bounds": [inclusive upper bounds], "counts": […], "tokens": […]}.',
    )
    longest_tokens = models.PositiveBigIntegerField(null=True, blank=True, help_text="Of the longest conversation.")
    error_count = models.PositiveBigIntegerField(default=0)
    error_report = models.JSONField(
        default=list, blank=True, help_text='The first errors: [{"line": 3, "reason": "…"}, …].'
    )
    nudged_at = models.DateTimeField(null=True, blank=True, help_text="When a worker was last told of it.")
    heartbeat_at = models.DateTimeField(null=True, blank=True, help_text="Last sign of life of its validation.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        db_table = "lora_datasets"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["user", "-created_at"], name="dataset_by_user")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["uploaded", "validating", "ready", "error"]),
                name="dataset_status_known",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="dataset_progress_percent"),
            models.CheckConstraint(
                condition=Q(training_ready=False) | Q(status="ready"), name="dataset_training_ready_is_ready"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("datasets:detail", args=[self.pk])

    @property
    def is_trainable(self) -> bool:
        """Whether a training job may use it."""
        return self.training_ready and self.status == self.Status.READY
