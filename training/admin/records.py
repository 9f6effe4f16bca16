"""What jobs leave behind."""

from django.contrib import admin

from pipeline.long_lists import CreatedFilter, LongList, by_id, of_user, recent
from training.admin.base import ReadOnly
from training.models import Artifact, IdempotencyKey, JobDeletion, JobEvent, JobMetric, TrainingJob

OF_JOB = "A job’s id or its first characters."


@admin.register(JobEvent)
class JobEventAdmin(ReadOnly, LongList):
    list_display = ["created_at", "job_id", "actor", "from_status", "to_status", "attempt", "reason"]
    list_filter = [CreatedFilter, recent("to_status", "to status", TrainingJob.Status.choices)]
    finders = [by_id("job__id")]
    search_help_text = OF_JOB


@admin.register(JobMetric)
class JobMetricAdmin(ReadOnly, LongList):
    list_display = ["job_id", "step", "epoch", "loss", "evaluation_loss", "learning_rate", "tokens_per_second"]
    ordering = ["-id"]
    finders = [by_id("job__id")]
    search_help_text = OF_JOB


@admin.register(Artifact)
class ArtifactAdmin(ReadOnly, LongList):
    list_display = ["file_name", "job_id", "kind", "size", "created_at"]
    list_filter = [CreatedFilter, recent("kind", "kind", Artifact.Kind.choices)]
    finders = [by_id("job__id")]
    search_help_text = OF_JOB


@admin.register(JobDeletion)
class JobDeletionAdmin(ReadOnly, LongList):
    list_display = ["created_at", "job_id", "title", "user", "actor", "status", "cost"]
    list_filter = [CreatedFilter]
    list_select_related = ["user"]
    finders = [by_id("job_id"), of_user()]
    search_help_text = "A job’s id or its first characters, or the beginning of a username."


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnly, LongList):
    list_display = ["key", "user", "job_id", "created_at"]
    list_filter = [CreatedFilter]
    list_select_related = ["user"]
    finders = [by_id("job__id"), of_user()]
    search_help_text = "A job’s id or its first characters, or the beginning of a username."
