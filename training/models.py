"""Training jobs and their history, what they ran on, and what they produced."""

import uuid

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from datasets.models import Dataset
from training.core import status
from training.core.estimate import Hardware
from training.core.hyperparameters import Hyperparameters
from training.core.presets import IDS as PRESET_IDS
from training.querysets import TrainingJobQuerySet

MAX_GPUS = 8


class GpuType(models.Model):
    """A kind of GPU on offer, with its list price and throughput."""

    name = models.CharField(max_length=40, unique=True, help_text="The name scripts use: A100-80GB.")
    label = models.CharField(max_length=80)
    description = models.CharField(max_length=120, blank=True)
    price_per_hour = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text="US dollars per GPU and hour.",
    )
    tokens_per_second = models.PositiveIntegerField(
        validators=[MinValueValidator(1)], help_text="Training throughput of one GPU."
    )
    is_active = models.BooleanField(default=True, help_text="Offered for new jobs.")
    is_default = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in lists.")

    class Meta:
        db_table = "lora_gpu_types"
        verbose_name = "GPU type"
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="gpu_one_default"),
            models.CheckConstraint(condition=Q(price_per_hour__gte=0), name="gpu_price_not_negative"),
            models.CheckConstraint(condition=Q(tokens_per_second__gte=1), name="gpu_throughput_positive"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def queue(self) -> str:
        """The Celery queue that workers with this GPU serve."""
        return gpu_queue(self.name)

    def hardware(self, count: int) -> Hardware:
        return Hardware(
            price_per_hour=float(self.price_per_hour), tokens_per_second=self.tokens_per_second, count=count
        )


def gpu_queue(name: str) -> str:
    return f"gpu.{slugify(name)}"


class BaseModel(models.Model):
    """A causal language model that adapters are trained on."""

    name = models.CharField(max_length=120, unique=True)
    source = models.CharField(
        max_length=255,
        help_text="A folder in the models directory, an absolute path on the workers, or a Hugging Face id.",
    )
    parameters = models.PositiveBigIntegerField(help_text="Number of parameters.")
    license = models.CharField(max_length=80, help_text="SPDX identifier, or the licence's name.")
    is_active = models.BooleanField(default=True, help_text="Offered for new jobs.")
    is_default = models.BooleanField(default=False)

    class Meta:
        db_table = "lora_base_models"
        ordering = ["-is_default", "parameters", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="base_model_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class TrainingJob(models.Model):
    class Status(models.TextChoices):
        QUEUED = status.QUEUED, "Queued"
        INITIALIZING = status.INITIALIZING, "Initializing"
        RUNNING = status.RUNNING, "Running"
        COMPLETED = status.COMPLETED, "Completed"
        FAILED = status.FAILED, "Failed"
        CANCELLED = status.CANCELLED, "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="training_jobs")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="training_jobs")
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="training_jobs")

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

    hourly_rate = models.DecimalField(
        max_digits=10, decimal_places=2, help_text="US dollars an hour for all GPUs, as of creation."
    )
    estimated_total_cost = models.DecimalField(max_digits=20, decimal_places=2)
    quoted_cost = models.DecimalField(
        max_digits=20, decimal_places=2, null=True, blank=True, help_text="The estimate the client was shown."
    )
    current_cost = models.DecimalField(max_digits=20, decimal_places=4, default=0)

    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often a worker has claimed it.")
    worker = models.CharField(max_length=120, blank=True, help_text="The worker that claimed it last.")
    device = models.CharField(max_length=16, blank=True, help_text="What it really ran on: cuda or cpu.")
    device_name = models.CharField(max_length=120, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    error_message = models.TextField(blank=True)
    log_tail = models.TextField(blank=True, help_text="The last lines that the trainer wrote.")

    queued_at = models.DateTimeField(default=timezone.now)
    nudged_at = models.DateTimeField(null=True, blank=True, help_text="When a worker was last told of it.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TrainingJobQuerySet.as_manager()

    class Meta:
        db_table = "lora_training_jobs"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="job_by_user"),
            models.Index(fields=["status", "queued_at"], name="job_by_status"),
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
        return f"{self.dataset_id} on {self.gpu_config['count']} x {self.gpu_config['type']}"

    def get_absolute_url(self) -> str:
        return reverse("training:job", args=[self.pk])

    @property
    def is_active(self) -> bool:
        return self.status in status.ACTIVE

    @property
    def queue(self) -> str:
        return gpu_queue(self.gpu_config["type"])

    @property
    def settings(self) -> Hyperparameters:
        """Its hyperparameters, typed."""
        return Hyperparameters.from_mapping(self.hyperparameters)


class JobEvent(models.Model):
    """One change of a job's status: who, when, from, to, why."""

    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="events")
    created_at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=150, help_text="A user's name, a worker, or the sweep.")
    from_status = models.CharField(max_length=16, blank=True)
    to_status = models.CharField(max_length=16)
    attempt = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)

    class Meta:
        db_table = "lora_job_events"
        ordering = ["created_at", "id"]
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
