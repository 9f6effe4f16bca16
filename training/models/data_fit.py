"""What a run would train on: a data set's version, by one base model's template, at one longest sequence."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now

from datasets.models import DatasetVersion, TokenCache
from pipeline.base_models import Place
from pipeline.prepared import Prepared
from training.trainer.windows import CUT, DROP, SPLIT

TOO_LONG = {SPLIT: "split", CUT: "cut", DROP: "left out"}
"""What becomes of conversations longer than the longest sequence -> what people are told."""


class DataFitQuerySet(models.QuerySet[Any]):
    """Fits, by what they are of and where they stand."""

    def of(self, version_id: Any, place: Place) -> "DataFitQuerySet":
        """Of a version with the base model at ``place``, whatever the sequence length."""
        return self.filter(version=version_id, source=place.source, revision=place.revision)

    def unattended(self, told: timedelta, silence: timedelta) -> "DataFitQuerySet":
        """Waiting and not told to a worker within ``told``, or being made without a heartbeat for ``silence``."""
        waiting = Q(status="waiting") & (Q(nudged_at__isnull=True) | Q(nudged_at__lte=Now() - told))
        lost = self.open().filter(waiting | Q(status="checking", heartbeat_at__lte=Now() - silence))
        return lost.order_by(F("nudged_at").asc(nulls_first=True))

    def open(self) -> "DataFitQuerySet":
        """Their results are still to come."""
        return self.filter(status__in=["waiting", "checking"])


class DataFit(models.Model):
    """Made once in the background, when somebody chooses the base model, and asked by every estimate from then on."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        CHECKING = "checking", "Being checked"
        READY = "ready", "Checked"
        UNAVAILABLE = "unavailable", "The tokenizer is not on the checking host"
        FAILED = "failed", "Could not be checked"

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="fits", db_index=False)
    source = models.CharField(max_length=255, help_text="Where the base model lies.")
    revision = models.CharField(max_length=120, blank=True)
    length = models.PositiveIntegerField(help_text="The longest sequence that was asked for, in tokens.")
    too_long = models.CharField(max_length=8, choices=TOO_LONG, default=SPLIT, help_text="What becomes of longer rows.")
    cache = models.ForeignKey(TokenCache, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    # Who is at it.
    status = models.CharField(max_length=12, choices=Status, default=Status.WAITING)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent.")
    reason = models.TextField(blank=True, help_text="Why there is no result.")
    claim = models.UUIDField(null=True, blank=True, help_text="Of the check that may write.")
    nudged_at = models.DateTimeField(null=True, blank=True, help_text="When a worker was last told of it.")
    heartbeat_at = models.DateTimeField(null=True, blank=True, help_text="Last sign of life of its check.")

    # What was found.
    limit = models.PositiveIntegerField(
        default=0, help_text="The longest sequence, the model's own context considered."
    )
    conversations = models.PositiveBigIntegerField(default=0, help_text="Rows that are trained on.")
    pairs = models.PositiveBigIntegerField(default=0, help_text="Learned answers.")
    sequences = models.PositiveBigIntegerField(default=0, help_text="What they are trained on as.")
    tokens = models.PositiveBigIntegerField(default=0)
    trained_tokens = models.PositiveBigIntegerField(default=0)
    longest = models.PositiveBigIntegerField(default=0, help_text="Tokens of the longest sequence.")
    longest_uncut = models.PositiveBigIntegerField(default=0, help_text="Tokens of the longest conversation.")
    truncated = models.PositiveBigIntegerField(default=0, help_text="Conversations longer than the limit.")
    histogram = models.JSONField(default=dict, blank=True, help_text="Sequences by tokens.")
    dropped = models.PositiveBigIntegerField(default=0, help_text="Conversations of which nothing is trained on.")
    lost_count = models.PositiveBigIntegerField(default=0, help_text="Rows that are lost, or a part of their answers.")
    lost = models.JSONField(default=list, blank=True, help_text='The first: [{"line": 3, "kind": …, "reason": …}, …].')
    notes = models.JSONField(default=dict, blank=True, help_text="Kind of problem: conversations.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DataFitQuerySet.as_manager()

    class Meta:
        db_table = "lora_data_fits"
        constraints = [
            models.UniqueConstraint(
                fields=["version", "source", "revision", "length", "too_long"], name="data_fit_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "checking", "ready", "unavailable", "failed"]),
                name="data_fit_status_known",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="data_fit_progress_percent"),
        ]
        indexes = [
            models.Index(
                fields=["nudged_at"], name="data_fit_unattended", condition=Q(status__in=["waiting", "checking"])
            )
        ]

    def __str__(self) -> str:
        return f"version {self.version_id} for {self.source} at {self.length}"

    @classmethod
    def telling(cls, version_id: Any, place: Place, length: int, too_long: str) -> "DataFit | None":
        """What says best what a run with that longest sequence trains on, or will say it; ``None``: nobody has asked.

        Where nothing is cut, any does.
        """
        return next(iter(_telling(version_id, place.source, place.revision, length, too_long)), None)

    @property
    def place(self) -> Place:
        """Where the base model lies."""
        return Place(self.source, self.revision)

    @property
    def is_ready(self) -> bool:
        return self.status == self.Status.READY

    @property
    def is_open(self) -> bool:
        """Its result is still to come."""
        return self.status in (self.Status.WAITING, self.Status.CHECKING)

    @property
    def total(self) -> int:
        """Conversations that there are answers in, trained on or not."""
        return self.conversations + self.dropped

    @property
    def lost_in_words(self) -> str:
        """How many rows a run would not train on, or not on all of their answers."""
        if self.lost_count == 1:
            return "1 row of the data set, or a part of its answers, would not be trained on"
        return f"{self.lost_count:,} rows of the data set, or a part of their answers, would not be trained on"


def _covering(version_id: Any, source: str, revision: str, length: int, too_long: str) -> models.QuerySet[DataFit]:
    exact = Q(length=length, too_long=too_long)
    uncut = Q(status="ready", truncated=0, longest_uncut__lte=length)
    best_first = Case(When(Q(status="ready", length=length), then=0), When(status="ready", then=1), default=2)
    fits = DataFit.objects.of(version_id, Place(source, revision)).filter(exact | uncut)
    found: models.QuerySet[DataFit] = fits.order_by(best_first)[:1]
    return found


_telling = Prepared(_covering, UUID(int=1), "source", "revision", 987_654_321, "too long")
