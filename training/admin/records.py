"""What jobs and workers leave behind."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from training.admin.base import ReadOnly
from training.models import Artifact, IdempotencyKey, JobEvent, JobMetric, Worker


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


class AliveFilter(admin.SimpleListFilter):
    title = "alive"
    parameter_name = "alive"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Worker]) -> QuerySet[Worker]:
        alive = Worker.objects.alive().values("pk")
        match self.value():
            case "yes":
                return queryset.filter(pk__in=alive)
            case "no":
                return queryset.exclude(pk__in=alive)
        return queryset


@admin.register(Worker)
class WorkerAdmin(ReadOnly):
    list_display = ["name", "host", "device", "device_name", "gpu_count", "served", "started_at", "last_seen_at"]
    list_filter = [AliveFilter, "device"]
    search_fields = ["name", "host", "device_name"]

    @admin.display(description="Queues")
    def served(self, worker: Worker) -> str:
        return ", ".join(worker.queues)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnly):
    list_display = ["key", "user", "job_id", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["user"]
    search_fields = ["key", "user__username", "job__id"]
