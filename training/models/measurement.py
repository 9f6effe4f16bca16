"""What finished runs and probes measured, beside what had been predicted of them."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from training.core.gpu_names import CUDA
from training.core.memory import CONTEXT_BYTES, GIB
from training.models.base_model import BaseModel
from training.models.job import TrainingJob

ON_CHOSEN_HARDWARE = Q(device=CUDA, hardware=F("gpu_type"))
COMPARABLE = Q(ON_CHOSEN_HARDWARE, is_whole=True, predicted_hours__isnull=False)
ELSEWHERE = Q(~ON_CHOSEN_HARDWARE, is_whole=True)

LATEST_ON = """
SELECT latest.id FROM unnest(%s::text[]) AS wanted(hardware), LATERAL (
    SELECT id FROM lora_run_measurements WHERE hardware = wanted.hardware ORDER BY created_at DESC, id DESC LIMIT %s
) AS latest
"""
"""A look at the index for each: a window would number every run that there ever was."""
OF_LAST_JOBS = """
SELECT own.id FROM (
    SELECT id FROM lora_training_jobs WHERE user_id = %s ORDER BY created_at DESC, id DESC LIMIT %s
) AS job, LATERAL (SELECT id FROM lora_run_measurements WHERE job_id = job.id LIMIT 1) AS own
"""
"""A look at the index for each job: a join may be planned by way of everybody's runs."""


class RunMeasurementQuerySet(models.QuerySet[Any]):
    """What runs measured, by who may see it and what it counts for."""

    LATEST = 50
    """Of each hardware: machines, drivers and programs change."""
    MOST_COMPARED = 1000
    LAST_JOBS = 2000
    """A user's own runs are looked for among so many of that user's last jobs."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> "RunMeasurementQuerySet":
        """Of the user's own last jobs; of everybody's for who may see them in the admin."""
        if isinstance(user, PermissionsMixin) and user.has_perm("training.view_runmeasurement"):
            return self
        return self.filter(pk__in=RawSQL(OF_LAST_JOBS, [user.pk, self.LAST_JOBS]))

    def comparable(self) -> "RunMeasurementQuerySet":
        """The latest whole runs for which there was a prediction, on the hardware that was chosen and no other."""
        rows = self.filter(COMPARABLE).order_by("-created_at", "-id")
        latest: RunMeasurementQuerySet = rows.select_related("base_model", "job")[: self.MOST_COMPARED]
        return latest

    def elsewhere(self) -> "RunMeasurementQuerySet":
        """Whole runs on another device than the one chosen: they say nothing of its estimates."""
        return self.filter(ELSEWHERE).order_by()

    def latest_on(self, hardware: Iterable[str]) -> "RunMeasurementQuerySet":
        """The latest of each of these, runs and probes."""
        latest: RunMeasurementQuerySet = self.filter(pk__in=RawSQL(LATEST_ON, [list(hardware), self.LATEST]))
        return latest


class RunMeasurement(models.Model):
    """One a completed run or probe. Predictions are for the device it really ran on, made before it ran.

    A run on another device than the one chosen has none but where runs on that device had been measured before: it
    never counts for the one chosen.
    """

    job = models.OneToOneField(
        TrainingJob,
        on_delete=models.SET_NULL,
        null=True,
        related_name="measurement",
        help_text="Empty: it was deleted.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    is_probe = models.BooleanField(default=False)
    is_whole = models.BooleanField(
        default=True, help_text="One attempt did all its steps: durations and costs can be compared."
    )

    device = models.CharField(max_length=16, help_text="What it really ran on: cuda or cpu.")
    device_name = models.CharField(max_length=120, blank=True)
    hardware = models.CharField(
        max_length=120, help_text="Whose estimates it counts for: the GPU type that was chosen, or the CPU it ran on."
    )
    gpu_type = models.CharField(max_length=40, help_text="The GPU type that was chosen.")
    gpu_count = models.PositiveSmallIntegerField()
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField()
    batch_size = models.PositiveSmallIntegerField()
    micro_batch_size = models.PositiveIntegerField(help_text="Conversations in one forward pass, at most.")
    sequence_length = models.FloatField(help_text="Tokens of a conversation, on average.")
    longest_sequence = models.PositiveIntegerField(help_text="Tokens.")
    quantization = models.CharField(max_length=8, default="none")
    precision = models.CharField(max_length=8, default="auto")
    gradient_checkpointing = models.BooleanField(default=False)
    steps = models.PositiveBigIntegerField()
    epochs = models.PositiveSmallIntegerField()

    tokens_per_second = models.FloatField()
    list_tokens_per_second = models.FloatField(help_text="What the list had said of this run.")
    startup_seconds = models.FloatField()
    evaluation_seconds = models.FloatField(help_text="All evaluations together.")
    saving_seconds = models.FloatField()
    peak_memory_bytes = models.PositiveBigIntegerField(help_text="The most in use at once (PyTorch).")
    reserved_memory_bytes = models.PositiveBigIntegerField(help_text="The most held by PyTorch at once.")
    modelled_peak_bytes = models.PositiveBigIntegerField(
        null=True, help_text="What the memory model alone says of this run, as PyTorch would."
    )
    modelled_tokens_per_second = models.FloatField(
        null=True, help_text="What the model's architecture alone says of this run."
    )
    modelled_startup_seconds = models.FloatField(null=True)
    modelled_evaluation_seconds = models.FloatField(null=True)
    modelled_saving_seconds = models.FloatField(null=True)
    hours = models.FloatField(help_text="Of the whole run.")
    cost = models.FloatField(help_text="US dollars.")

    basis = models.CharField(max_length=16, blank=True)
    predicted_tokens_per_second = models.FloatField(null=True)
    predicted_overhead_seconds = models.FloatField(null=True)
    predicted_hours = models.FloatField(null=True)
    predicted_low_hours = models.FloatField(null=True)
    predicted_high_hours = models.FloatField(null=True)
    predicted_cost = models.FloatField(null=True)
    predicted_peak_bytes = models.PositiveBigIntegerField(null=True)

    objects = RunMeasurementQuerySet.as_manager()

    class Meta:
        db_table = "lora_run_measurements"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="measurement_by_time"),
            models.Index(fields=["hardware", "-created_at", "-id"], name="measurement_by_hardware"),
            models.Index(fields=["-created_at", "-id"], name="measurement_comparable", condition=COMPARABLE),
            models.Index(fields=["job"], name="measurement_elsewhere", condition=ELSEWHERE),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(tokens_per_second__gt=0), name="measurement_throughput_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} on {self.hardware}"

    @property
    def overhead_seconds(self) -> float:
        return self.startup_seconds + self.evaluation_seconds + self.saving_seconds

    @property
    def training_seconds(self) -> float:
        return max(0.0, self.hours * 3600 - self.overhead_seconds)

    @property
    def predicted_training_seconds(self) -> float | None:
        if self.predicted_hours is None or self.predicted_overhead_seconds is None:
            return None
        return max(0.0, self.predicted_hours * 3600 - self.predicted_overhead_seconds)

    @property
    def held_bytes(self) -> int:
        """The most that PyTorch held, in use or not; on a CPU, that the process held."""
        return self.reserved_memory_bytes or self.peak_memory_bytes

    @property
    def peak_bytes(self) -> int:
        """What the device had to have, comparable with what was predicted: on a GPU with CUDA's own."""
        return self.held_bytes + (CONTEXT_BYTES if self.device == CUDA else 0)

    @property
    def peak_gib(self) -> float:
        return self.peak_bytes / GIB

    @property
    def predicted_peak_gib(self) -> float | None:
        return self.predicted_peak_bytes / GIB if self.predicted_peak_bytes else None

    @property
    def was_on_chosen_hardware(self) -> bool:
        return self.device == CUDA and self.hardware == self.gpu_type
