"""The admin of training: catalogues are edited here; jobs are read here, and their verbs are actions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from pipeline.http import SignedInRequest
from training import services
from training.models import Artifact, BaseModel, GpuType, JobEvent, JobMetric, TrainingJob


class ReadOnly(admin.ModelAdmin):
    """What the machine writes is read, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


@admin.register(GpuType)
class GpuTypeAdmin(admin.ModelAdmin):
    list_display = [
        "name",
        "label",
        "price_per_hour",
        "tokens_per_second",
        "is_default",
        "is_active",
        "queue",
    ]
    list_editable = ["price_per_hour", "tokens_per_second", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "label", "description"]


@admin.register(BaseModel)
class BaseModelAdmin(admin.ModelAdmin):
    list_display = ["name", "source", "parameters", "license", "is_default", "is_active"]
    list_editable = ["is_active"]
    list_filter = ["is_active", "license"]
    search_fields = ["name", "source"]


class EventInline(admin.TabularInline):
    model = JobEvent
    fields = readonly_fields = ("created_at", "actor", "from_status", "to_status", "attempt", "reason")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


class ArtifactInline(admin.TabularInline):
    model = Artifact
    fields = readonly_fields = ("kind", "file_name", "size", "sha256", "created_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


class GpuListFilter(admin.SimpleListFilter):
    title = "GPU type"
    parameter_name = "gpu"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(GpuType.objects.values_list("name", "label"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[TrainingJob]) -> QuerySet[TrainingJob]:
        return queryset.filter(gpu_config__type=self.value()) if self.value() else queryset


@admin.register(TrainingJob)
class TrainingJobAdmin(ReadOnly):
    list_display = [
        "id", "user", "dataset", "base_model", "status", "progress", "gpu", "estimated_total_cost", "current_cost",
        "attempt", "created_at",
    ]  # fmt: skip
    list_filter = [
        "status",
        GpuListFilter,
        "preset_id",
        "device",
        "created_at",
        ("user", admin.RelatedOnlyFieldListFilter),
    ]
    search_fields = ["id", "user__username", "dataset__name", "base_model__name", "worker", "error_message"]
    list_select_related = ["user", "dataset", "base_model"]
    date_hierarchy = "created_at"
    inlines = [EventInline, ArtifactInline]
    actions = ["cancel_jobs"]

    @admin.display(description="GPU")
    def gpu(self, job: TrainingJob) -> str:
        return f"{job.gpu_config['count']} × {job.gpu_config['type']}"

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("training.change_trainingjob")

    @admin.action(description="Cancel selected training jobs", permissions=["cancel"])
    def cancel_jobs(self, request: SignedInRequest, queryset: QuerySet[TrainingJob]) -> None:
        over = 0
        for job in queryset:
            try:
                services.job_cancel(job=job, user=request.user)
            except services.JobRefused:
                over += 1
        cancelled = queryset.count() - over
        self.message_user(request, f"{cancelled} cancelled or stopping; {over} were already over.", messages.INFO)


@admin.register(JobEvent)
class JobEventAdmin(ReadOnly):
    list_display = ["created_at", "job_id", "actor", "from_status", "to_status", "attempt", "reason"]
    list_filter = ["to_status", "created_at"]
    search_fields = ["job__id", "actor", "reason"]


@admin.register(JobMetric)
class JobMetricAdmin(ReadOnly):
    list_display = [
        "job_id",
        "step",
        "epoch",
        "loss",
        "evaluation_loss",
        "learning_rate",
        "tokens_per_second",
    ]
    search_fields = ["job__id"]
    show_full_result_count = False


@admin.register(Artifact)
class ArtifactAdmin(ReadOnly):
    list_display = ["file_name", "job_id", "kind", "size", "created_at"]
    list_filter = ["kind", "created_at"]
    search_fields = ["job__id", "file_name", "sha256"]
