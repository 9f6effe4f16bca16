"""What jobs leave behind."""

from django.contrib import admin

from training.admin.base import ReadOnly
from training.models import Artifact, IdempotencyKey, JobEvent, JobMetric


@admin.register(JobEvent)
class JobEventAdmin(ReadOnly):
    list_display = ["created_at", "job_id", "actor", "from_status", "to_status", "attempt", "reason"]
    list_filter = ["to_status", "created_at"]
    search_fields = ["job__id", "actor", "reason"]


@admin.register(JobMetric)
class JobMetricAdmin(ReadOnly):
    list_display = ["job_id", "step", "epoch", "loss", "evaluation_loss", "learning_rate", "tokens_per_second"]
    search_fields = ["job__id"]
    show_full_result_count = False


@admin.register(Artifact)
class ArtifactAdmin(ReadOnly):
    list_display = ["file_name", "job_id", "kind", "size", "created_at"]
    list_filter = ["kind", "created_at"]
    search_fields = ["job__id", "file_name", "sha256"]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnly):
    list_display = ["key", "user", "job_id", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["user"]
    search_fields = ["key", "user__username", "job__id"]
