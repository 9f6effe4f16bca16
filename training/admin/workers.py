"""Workers: who is there, and what they serve."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from training.admin.base import ReadOnly
from training.models import Worker


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
    list_display = [
        "name", "host", "device", "device_name", "gpu_count", "served", "models", "started_at", "last_seen_at",
    ]  # fmt: skip
    list_filter = [AliveFilter, "device"]
    search_fields = ["name", "host", "device_name"]

    @admin.display(description="Queues")
    def served(self, worker: Worker) -> str:
        return ", ".join(worker.queues)

    @admin.display(description="Base models")
    def models(self, worker: Worker) -> str:
        return f"{len(worker.base_models)}, may fetch others" if worker.may_fetch else str(len(worker.base_models))
