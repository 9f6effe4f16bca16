"""A training job: what was asked for, where it stands, what it costs."""

import uuid
from decimal import Decimal
from math import inf
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Greatest, Now
from django.urls import reverse

from datasets.models import Dataset, DatasetVersion
from pipeline.base_models import Place
from training.core import status
from training.core.hyperparameters import Hyperparameters
from training.core.labels import LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG, MOST_TAGS
from training.core.presets import IDS as PRESET_IDS
from training.models.base_model import BaseModel
from training.models.gpu_type import MAX_GPUS, gpu_queue
from training.models.querysets import TrainingJobQuerySet

NO_OUTCOME = {"final_cost": Decimal(0), "final_seconds": 0.0, "final_loss": inf, "final_evaluation_loss": inf}


class TrainingJob(models.Model):
    class Status(models.TextChoices):
        QUEUED = status.QUEUED, "Queued"
        INITIALIZING = status.INITIALIZING, "Initializing"
        RUNNING = status.RUNNING, "Running"
        COMPLETED = status.COMPLETED, "Completed"
        FAILED = status.FAILED, "Failed"
        CANCELLED = status.CANCELLED, "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="training_jobs", db_index=False
    )
    name = models.CharField(max_length=LONGEST_NAME, blank=True, help_text="Empty: see its title.")
    tags = ArrayField(models.CharField(max_length=LONGEST_TAG), size=MOST_TAGS, default=list, blank=True)
    note = models.TextField(max_length=LONGEST_NOTE, blank=True)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="training_jobs")
    dataset_version = models.ForeignKey(
        DatasetVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What it trains on.",
    )
    dataset_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the version's file.")
    evaluation_version = models.ForeignKey(
        DatasetVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What it is evaluated on, instead of a share.",
    )
    evaluation_share = models.FloatField(null=True, blank=True, help_text="Of the pairs; empty: the server's setting.")
    split_seed = models.PositiveIntegerField(default=42)
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="training_jobs")
    base_model_revision = models.CharField(
        max_length=120,
        blank=True,
        help_text="Of the base model on the hub: the catalogue's, and once it was fetched, its commit.",
    )

    preset_id = models.CharField(max_length=16)
    gpu_config = models.JSONField(help_text='{"type": "A100-80GB", "count": 2}')
    hyperparameters = models.JSONField()

    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    current_stage = models.CharField(max_length=32, default="queued")
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent of the steps done.")
    current_epoch = models.PositiveSmallIntegerField(default=0)
    total_epochs = models.PositiveSmallIntegerField()
    current_step = models.PositiveBigIntegerField(default=0)
    total_steps = models.PositiveBigIntegerField()
    current_metrics = models.JSONField(default=dict, blank=True)
    data = models.JSONField(default=dict, blank=True, help_text="What the trainer found to train on, by name.")

    hourly_rate = models.DecimalField(
        max_digits=10, decimal_places=2, help_text="US dollars an hour for all GPUs, as of creation."
    )
    estimated_total_cost = models.DecimalField(max_digits=20, decimal_places=2)
    quoted_cost = models.DecimalField(
        max_digits=20, decimal_places=2, null=True, blank=True, help_text="The estimate the client was shown."
    )
    current_cost = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    max_cost = models.DecimalField(
        max_digits=20, decimal_places=2, null=True, blank=True, help_text="The run stops before it costs more."
    )

    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often a worker has claimed it.")
    crashes = models.PositiveSmallIntegerField(
        default=0, help_text="Attempts that ended badly since a person last started it."
    )
    checkpoint_step = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="The step that the next attempt continues from."
    )
    worker = models.CharField(max_length=120, blank=True, help_text="The worker that claimed it last.")
    device = models.CharField(max_length=16, blank=True, help_text="What it really ran on: cuda or cpu.")
    device_name = models.CharField(max_length=120, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    error_message = models.TextField(blank=True)

    queued_at = models.DateTimeField(db_default=Now())
    available_at = models.DateTimeField(db_default=Now(), help_text="No worker takes it before.")
    nudged_at = models.DateTimeField(null=True, blank=True, help_text="When a worker was last told of it.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    # What lists are ordered by: written when the job ends, and as at first while it has not ended (again).
    final_cost = models.DecimalField(max_digits=20, decimal_places=4, default=0, help_text="US dollars.")
    final_seconds = models.FloatField(default=0.0, help_text="From its first start to its end.")
    final_loss = models.FloatField(default=inf)
    final_evaluation_loss = models.FloatField(default=inf)
    expected_finish_at = models.DateTimeField(null=True, blank=True, help_text="By the pace of the last steps.")
    curves_removed_at = models.DateTimeField(null=True, blank=True, help_text="When its age cost it its curves.")
    log_removed_at = models.DateTimeField(null=True, blank=True, help_text="When its age cost it its log.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TrainingJobQuerySet.as_manager()

    class Meta:
        db_table = "lora_training_jobs"
        ordering = ["-created_at"]
        permissions = [
            ("cancel_trainingjob", "Can cancel training jobs"),
            ("retry_trainingjob", "Can retry training jobs"),
            ("requeue_trainingjob", "Can take training jobs from their workers"),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="job_by_time"),
            models.Index(
                fields=["user", "-created_at", "-id"],
                name="job_of_user",
                # With what is searched for, where the index alone answers.
                include=["name", "tags", "dataset", "base_model", "preset_id", *NO_OUTCOME],
            ),
            models.Index(fields=["user", "status", "-created_at", "-id"], name="job_by_user_and_status"),
            models.Index(fields=["status", "-created_at", "-id"], name="job_by_status_and_time"),
            models.Index(fields=["user", "final_cost", "id"], name="job_by_cost"),
            models.Index(fields=["user", "final_seconds", "id"], name="job_by_duration"),
            models.Index(fields=["user", "final_loss", "id"], name="job_by_loss"),
            models.Index(fields=["user", "final_evaluation_loss", "id"], name="job_by_evaluation_loss"),
            models.Index(KeyTransform("type", "gpu_config"), F("created_at").desc(), F("id").desc(), name="job_by_gpu"),
            models.Index(fields=["finished_at"], name="job_by_finish", condition=Q(finished_at__isnull=False)),
            # No column that a heartbeat writes is in any index: such an update touches none of them.
            models.Index(fields=["worker"], name="job_claimed", condition=Q(status__in=status.CLAIMED)),
            models.Index(fields=["queued_at", "id"], name="job_waiting", condition=Q(status=status.QUEUED)),
            models.Index(
                fields=["user", "queued_at", "id"], name="job_waiting_of_user", condition=Q(status=status.QUEUED)
            ),
            models.Index(
                KeyTransform("type", "gpu_config"),
                "queued_at",
                "id",
                name="job_waiting_for_gpu",
                condition=Q(status=status.QUEUED),
                # With the columns that the place in the queue is reckoned from, where the index alone answers.
                include=["gpu_config", "estimated_total_cost", "hourly_rate"],
            ),
            models.Index(
                KeyTransform("type", "gpu_config"),
                F("nudged_at").asc(nulls_first=True),
                name="job_unannounced",
                condition=Q(status=status.QUEUED),
            ),
            models.Index(
                KeyTransform("type", "gpu_config"),
                Greatest("queued_at", "available_at"),
                name="job_could_start_since",
                condition=Q(status=status.QUEUED),
            ),
            models.Index(
                fields=["finished_at"],
                name="job_with_curves",
                condition=Q(finished_at__isnull=False, curves_removed_at__isnull=True),
            ),
            models.Index(
                fields=["finished_at"],
                name="job_with_log",
                condition=Q(finished_at__isnull=False, log_removed_at__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=status.ALL), name="job_status_known"),
            models.CheckConstraint(condition=Q(preset_id__in=PRESET_IDS), name="job_preset_known"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_percent"),
            models.CheckConstraint(condition=Q(current_step__lte=F("total_steps")), name="job_step_in_total"),
            models.CheckConstraint(condition=Q(current_epoch__lte=F("total_epochs")), name="job_epoch_in_total"),
            models.CheckConstraint(condition=Q(total_steps__gte=1), name="job_total_steps_positive"),
            models.CheckConstraint(
                condition=Q(
                    gpu_config__has_keys=["type", "count"],
                    gpu_config__count__gte=1,
                    gpu_config__count__lte=MAX_GPUS,
                ),
                name="job_gpu_count_range",
            ),
            models.CheckConstraint(
                condition=Q(current_cost__gte=0, hourly_rate__gte=0, estimated_total_cost__gte=0),
                name="job_costs_not_negative",
            ),
            models.CheckConstraint(condition=Q(max_cost__gt=0), name="job_max_cost_positive"),
            models.CheckConstraint(
                condition=Q(status__in=status.FINAL, finished_at__isnull=False)
                | Q(status__in=status.ACTIVE, finished_at__isnull=True),
                name="job_finished_when_final",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=status.CLAIMED) | Q(heartbeat_at__isnull=False),
                name="job_claimed_has_heartbeat",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.name} on {self.gpu_config['count']} × {self.gpu_config['type']}"

    def get_absolute_url(self) -> str:
        return reverse("training:job", args=[self.pk])

    @property
    def title(self) -> str:
        """Its name, or one made of what it is: a data set that is renamed takes its jobs along."""
        return self.name or f"{self.dataset.name} · {self.preset_id.title()}"

    @property
    def is_active(self) -> bool:
        return self.status in status.ACTIVE

    @property
    def adapter(self) -> Any:
        """The artifact to download: the finished adapter, or that of a stopped run, or ``None``."""
        return self.artifacts.order_by("kind").first()  # "adapter" before "partial"

    @property
    def log_tail(self) -> str:
        """The last lines that the trainer wrote."""
        tail: str = self.log.model.objects.tail(self)
        return tail

    @property
    def place(self) -> Place:
        """Where its base model lies, at the job's own revision."""
        return Place(self.base_model.source, self.base_model_revision)

    @property
    def queue(self) -> str:
        return gpu_queue(self.gpu_config["type"])

    @property
    def settings(self) -> Hyperparameters:
        """Its hyperparameters, typed."""
        return Hyperparameters.from_mapping(self.hyperparameters)

    @property
    def duration_seconds(self) -> float | None:
        """From its first start to its end, waits between attempts included; ``None`` until it has ended."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds() if self.started_at else 0.0

    @property
    def final_metrics(self) -> dict[str, Any]:
        """Its last figures; none until it has ended."""
        return {} if self.is_active else self.current_metrics

    def outcome(self) -> dict[str, Any]:
        """Its columns of outcome as its other columns say."""
        if self.is_active:
            return dict(NO_OUTCOME)
        cost, seconds, found = self.current_cost, self.duration_seconds, self.final_metrics
        losses = (inf if found.get(name) is None else found[name] for name in ("loss", "evaluation_loss"))
        return dict(zip(NO_OUTCOME, (cost, seconds, *losses), strict=True))

    def progress_after(self, step: int) -> dict[str, int]:
        """Its columns of progress as they are once ``step`` is done."""
        return {
            "current_step": step,
            "current_epoch": step * self.total_epochs // self.total_steps,
            "progress": step * 100 // self.total_steps,
        }
