"""Training jobs: found by status, user, GPU and age; cancelled, retried and requeued; and their queues at a glance."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from training import figures
from training.admin.base import ReadOnly, ReadOnlyInline
from training.admin.verbs import CANCEL, REQUEUE, RETRY, asking_first
from training.models import Artifact, GpuType, JobEvent, TrainingJob

LISTED = 20
"""Jobs in each of the overview's lists."""


class EventInline(ReadOnlyInline):
    model = JobEvent
    fields = readonly_fields = (
        "created_at", "actor", "from_status", "to_status", "attempt", "seconds_before", "reason",
    )  # fmt: skip


class ArtifactInline(ReadOnlyInline):
    model = Artifact
    fields = readonly_fields = ("kind", "file_name", "size", "sha256", "created_at")


class GpuFilter(admin.SimpleListFilter):
    title = "GPU type"
    parameter_name = "gpu"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(GpuType.objects.values_list("name", "label"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[TrainingJob]) -> QuerySet[TrainingJob]:
        return queryset.filter(gpu_config__type=self.value()) if self.value() else queryset


class AgeFilter(admin.SimpleListFilter):
    title = "age"
    parameter_name = "age"
    AGES = {
        "waiting-10m": ("Waiting over 10 minutes", "queued", timedelta(minutes=10)),
        "waiting-1h": ("Waiting over an hour", "queued", timedelta(hours=1)),
        "waiting-1d": ("Waiting over a day", "queued", timedelta(days=1)),
        "working-1h": ("Worked on for over an hour", "claimed", timedelta(hours=1)),
        "working-1d": ("Worked on for over a day", "claimed", timedelta(days=1)),
        "silent-1m": ("Worker silent for over a minute", "silent", timedelta(minutes=1)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _, _) in self.AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TrainingJob]) -> QuerySet[TrainingJob]:
        match self.AGES.get(self.value() or ""):
            case (_, "queued", age):
                return queryset & TrainingJob.objects.waiting().filter(queued_at__lte=Now() - age)
            case (_, "claimed", age):
                return queryset & TrainingJob.objects.claimed().filter(started_at__lte=Now() - age)
            case (_, "silent", age):
                return queryset & TrainingJob.objects.stalled(age)
        return queryset


@admin.register(TrainingJob)
class TrainingJobAdmin(ReadOnly):
    list_display = ["number", "user", "dataset", "state", "percent", "gpu", "estimate", "cost", "worker", "created_at"]
    list_filter = [
        "status",
        AgeFilter,
        GpuFilter,
        ("user", admin.RelatedOnlyFieldListFilter),
        "base_model",
        "preset_id",
        "device",
        "created_at",
    ]
    search_fields = ["id", "user__username", "dataset__name", "base_model__name", "worker", "error_message"]
    list_select_related = ["user", "dataset", "base_model"]
    date_hierarchy = "created_at"
    fieldsets = [
        (None, {"fields": ["id", "user", "dataset", "base_model", "preset_id", "gpu", "hyperparameters"]}),
        (
            "Where it stands",
            {
                "fields": [
                    "state", "current_stage", "progress", "current_step", "total_steps", "current_epoch",
                    "total_epochs", "current_metrics", "cancel_requested_at", "error_code", "error_message",
                ]
            },
        ),
        (
            "Cost",
            {"fields": ["estimated_total_cost", "quoted_cost", "current_cost", "max_cost", "hourly_rate"]},
        ),
        (
            "Worker",
            {"fields": ["worker", "device", "device_name", "attempt", "crashes", "checkpoint_step", "heartbeat_at"]},
        ),
        (
            "Times",
            {
                "fields": [
                    "created_at", "queued_at", "available_at", "nudged_at", "started_at", "expected_finish_at",
                    "finished_at",
                ]
            },
        ),
        ("Log", {"classes": ["collapse"], "fields": ["log_tail"]}),
    ]  # fmt: skip
    inlines = [EventInline, ArtifactInline]
    actions = [asking_first(verb) for verb in (CANCEL, RETRY, REQUEUE)]

    @admin.display(description="Job", ordering="id")
    def number(self, job: TrainingJob) -> str:
        return str(job.pk)[:8]

    @admin.display(description="Done", ordering="progress")
    def percent(self, job: TrainingJob) -> str:
        return f"{job.progress} %"

    @admin.display(description="Estimate", ordering="estimated_total_cost")
    def estimate(self, job: TrainingJob) -> str:
        return f"${job.estimated_total_cost:,.2f}"

    @admin.display(description="Cost", ordering="current_cost")
    def cost(self, job: TrainingJob) -> str:
        return f"${job.current_cost:,.2f}"

    @admin.display(description="GPU")
    def gpu(self, job: TrainingJob) -> str:
        return f"{job.gpu_config['count']} × {job.gpu_config['type']}"

    @admin.display(description="Status", ordering="status")
    def state(self, job: TrainingJob) -> str:
        return format_html('<span class="state" data-state="{}">{}</span>', job.status, job.get_status_display())

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("training.cancel_trainingjob")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("training.retry_trainingjob")

    def has_requeue_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("training.requeue_trainingjob")

    def get_urls(self) -> list[URLPattern]:
        overview = path("overview/", self.admin_site.admin_view(self.overview), name="training_trainingjob_overview")
        return [overview, *super().get_urls()]

    def overview(self, request: HttpRequest) -> TemplateResponse:
        """The queues: what waits, what runs, and who is there to work."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        related = ("user", "dataset")
        context = self.admin_site.each_context(request) | {
            "title": "Queues and workers",
            "opts": self.opts,
            "queues": figures.queues(),
            "waiting": TrainingJob.objects.waiting().select_related(*related)[:LISTED],
            "running": figures.silent_jobs().select_related(*related)[:LISTED],
            "workers": figures.workers(),
            "listed": LISTED,
        }
        return TemplateResponse(request, "admin/training/trainingjob/overview.html", context)
