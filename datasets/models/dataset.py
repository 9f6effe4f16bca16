"""A data set: a name, the present version of its file, and what is known of that."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.urls import reverse

from datasets.formats.shapes import SHAPES
from datasets.held_out import LARGEST_SHARE
from datasets.models.querysets import DatasetQuerySet
from datasets.models.version import DatasetVersion
from pipeline.prepared import Prepared

FIGURES = (
    "user",
    "name",
    "version",
    "status",
    "training_ready",
    "total_conversations",
    "total_training_pairs",
    "total_tokens",
    "longest_tokens",
    "length_histogram",
    "evaluation_share",
    "evaluation_dataset",
)
"""What an estimate is made of. A report of errors is many times as much to read."""


def formats() -> list[tuple[str, str]]:
    """Every shape that rows may have, with its label; a function, so that a new one needs no migration."""
    return [(name, shape.label) for name, shape in SHAPES.items()]


class Dataset(models.Model):
    """A name for what its owner uploads; the figures are those of the present version."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "Uploaded"
        VALIDATING = "validating", "Validating"
        READY = "ready", "Ready"
        ERROR = "error", "Error"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=200)
    version = models.ForeignKey(
        DatasetVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="The present one."
    )

    # How it is to be read: what its owner chose; what was found stands with the version.
    chosen_shape = models.CharField(max_length=32, blank=True, help_text="Empty: detected.")
    mapping = models.JSONField(default=dict, blank=True, help_text="Field of the shape: column of the file.")
    tool_calls = models.CharField(
        max_length=8, choices=[("ignore", "Left out"), ("train", "Trained on")], default="train"
    )
    merge_turns = models.BooleanField(default=False, help_text="Consecutive turns of one speaker are joined.")
    fold_system = models.BooleanField(
        default=True,
        help_text="A system message that a model's template refuses is put before the first user's words.",
    )

    # What is held out for evaluation.
    evaluation_share = models.FloatField(null=True, blank=True, help_text="Of the pairs; empty: the server's setting.")
    split_seed = models.PositiveIntegerField(default=42, help_text="Decides which conversations are held out.")
    evaluation_dataset = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Evaluated on instead of a share.",
    )

    # What is known of the present version.
    format = models.CharField(max_length=32, choices=formats, default=next(iter(SHAPES)))
    status = models.CharField(max_length=16, choices=Status, default=Status.UPLOADED)
    training_ready = models.BooleanField(default=False)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Validation progress in percent.")
    total_rows = models.PositiveBigIntegerField(null=True, blank=True)
    total_conversations = models.PositiveBigIntegerField(null=True, blank=True)
    total_training_pairs = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Assistant turns that are trained on."
    )
    total_turns = models.PositiveBigIntegerField(null=True, blank=True)
    total_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    trained_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    duplicate_count = models.PositiveBigIntegerField(default=0)
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
    is_complete = models.BooleanField(default=True, help_text="Whether the file could be read to its end.")
    error_count = models.PositiveBigIntegerField(default=0)
    warning_count = models.PositiveBigIntegerField(default=0)
    left_out_count = models.PositiveBigIntegerField(
        default=0, help_text="Bad rows that its owner chose to go on without."
    )
    problem_counts = models.JSONField(default=dict, blank=True, help_text="Errors and warnings by kind.")
    error_report = models.JSONField(
        default=list,
        blank=True,
        help_text='The first of each kind: [{"kind": …, "line": 3, "field": …, "reason": …, "excerpt": …}, …].',
    )

    # Who is validating it.
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="Validations that were begun since somebody asked for one."
    )
    claim = models.UUIDField(null=True, blank=True, help_text="Of the validation that may write.")
    nudged_at = models.DateTimeField(null=True, blank=True, help_text="When a worker was last told of it.")
    heartbeat_at = models.DateTimeField(null=True, blank=True, help_text="Last sign of life of its validation.")
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Its files are gone; past jobs still name it.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        db_table = "lora_datasets"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="dataset_by_time"),
            models.Index(fields=["status", "-created_at", "-id"], name="dataset_by_status"),
            models.Index(
                fields=["user", "-created_at", "-id"], name="dataset_by_user", condition=Q(deleted_at__isnull=True)
            ),
            models.Index(
                fields=["user", "status", "-created_at", "-id"],
                name="dataset_by_user_and_status",
                condition=Q(deleted_at__isnull=True),
            ),
            models.Index(OpClass(Upper("name"), "text_pattern_ops"), name="dataset_by_name"),  # its beginning
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["uploaded", "validating", "ready", "error", "cancelled"]),
                name="dataset_status_known",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="dataset_progress_percent"),
            models.CheckConstraint(
                condition=Q(training_ready=False) | Q(status="ready", deleted_at__isnull=True),
                name="dataset_training_ready_is_ready",
            ),
            models.CheckConstraint(
                condition=Q(evaluation_share__gte=0, evaluation_share__lte=LARGEST_SHARE),
                name="dataset_evaluation_share_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("datasets:detail", args=[self.pk])

    @classmethod
    def with_figures(cls, pk: uuid.UUID | str, user: AbstractBaseUser | AnonymousUser) -> "Dataset | None":
        """The user's, with no more read than FIGURES; ``None`` where there is none."""
        return next(iter(_figures(user.pk, pk)), None)

    @property
    def is_trainable(self) -> bool:
        """Whether a training job may use it."""
        return self.training_ready and self.status == self.Status.READY

    @property
    def why_not_trainable(self) -> str:
        """What it lacks to be trained on, in the specification's words."""
        return (
            "Dataset must have status='ready' and training_ready=true. "
            f"Current: status='{self.status}', training_ready={str(self.training_ready).lower()}"
        )

    @property
    def reading(self) -> dict[str, Any]:
        """What its owner chose of how it is read: keyword arguments of ``formats.detect.detect``."""
        return {
            "shape": self.chosen_shape,
            "mapping": self.mapping,
            "tool_calls": self.tool_calls,
            "merge_turns": self.merge_turns,
            "fold_system": self.fold_system,
        }

    @property
    def is_being_read(self) -> bool:
        return self.status in (self.Status.UPLOADED, self.Status.VALIDATING)

    @property
    def can_go_on_without_bad_rows(self) -> bool:
        return self.status == self.Status.ERROR and self.is_complete and bool(self.total_training_pairs)

    @property
    def evaluation_in_use(self) -> "Dataset | None":
        """The data set that a job started now is evaluated on; ``None``: on a share of this one."""
        other = self.evaluation_dataset
        return other if other is not None and other.is_trainable and other.deleted_at is None else None

    @property
    def share_held_out(self) -> float:
        """Of the pairs, unless another data set is evaluated on."""
        return settings.EVALUATION_SHARE if self.evaluation_share is None else self.evaluation_share

    def problems(self, *, severity: str = "", kind: str = "") -> list[dict[str, Any]]:
        """The problems that are shown, of one severity or kind if asked."""
        found: list[dict[str, Any]] = self.error_report
        return [
            problem
            for problem in found
            if severity in ("", problem.get("severity", "error")) and kind in ("", problem.get("kind", ""))
        ]


def _of_user(user_id: int, pk: uuid.UUID) -> models.QuerySet[Dataset]:
    visible = Dataset.objects.visible_to(get_user_model()(pk=user_id))
    return visible.filter(pk=pk).only(*FIGURES).order_by()


_figures = Prepared(_of_user, 987_654_321, uuid.UUID(int=1))
