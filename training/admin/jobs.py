"""Training jobs: found by status, user, GPU and age; cancelled, retried and requeued; and their queues at a glance."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from datasets.models import Dataset
from pipeline.long_lists import CreatedFilter, LongList, by_id, of, of_user, recent
from training.admin.base import ReadOnly
from training.admin.filters import AgeFilter, GpuFilter
from training.admin.inlines import ArtifactInline, EventInline
from training.admin.verbs import CANCEL, REQUEUE, RETRY, asking_first
from training.core import status
from training.core.gpu_names import CPU, CUDA
from training.core.presets import IDS
from training.jobs import queues
from training.models import TrainingJob
from training.models.querysets import LONG_OF_DATASET

LISTED = 20
"""Jobs in each of the overview's lists."""


OF_DATASET = of("dataset", Dataset.objects, "name__istartswith", "name__iexact")


def _of_worker(text: str) -> Q:
    return Q(worker__startswith=text, status__in=status.CLAIMED)


@admin.register(TrainingJob)
class TrainingJobAdmin(ReadOnly, LongList):
    list_display = ["number", "user", "dataset", "state", "percent", "gpu", "estimate", "cost", "worker", "created_at"]
    list_filter = [
        "status",
        AgeFilter,
        GpuFilter,
        CreatedFilter,
        "base_model",
        recent("preset_id", "preset", [(preset, preset.title()) for preset in IDS]),
        recent("device", "device", [(CUDA, "GPU"), (CPU, "CPU")]),
    ]
    finders = [by_id(), of_user(), OF_DATASET, _of_worker]
    search_help_text = (
        "A job’s id or its first characters; the beginning of a username, of a dataset’s name, or of the name of a "
        "worker that has jobs now."
    )
    list_select_related = ["user", "dataset", "base_model"]
    fieldsets = [
        (None, {"fields": ["id", "user", "dataset", "base_model", "preset_id", "gpu", "hyperparameters"]}),
        (
            "Where it stands",
            {
                "fields": [
                    "state", "current_stage", "progress", "current_step", "total_steps", "current_epoch",
                    "total_epochs", "data", "current_metrics", "cancel_requested_at", "error_code", "error_message",
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingJob]:
        """Without what can be long and no page shows."""
        return super().get_queryset(request).defer(*LONG_OF_DATASET)

    @admin.display(description="Last lines of the trainer's log")
    def log_tail(self, job: TrainingJob) -> str:
        return job.log_tail

    @admin.display(description="Job")
    def number(self, job: TrainingJob) -> str:
        return str(job.pk)[:8]

    @admin.display(description="Done")
    def percent(self, job: TrainingJob) -> str:
        return f"{job.progress} %"

    @admin.display(description="Estimate")
    def estimate(self, job: TrainingJob) -> str:
        return f"${job.estimated_total_cost:,.2f}"

    @admin.display(description="Cost")
    def cost(self, job: TrainingJob) -> str:
        return f"${job.current_cost:,.2f}"

    @admin.display(description="GPU")
    def gpu(self, job: TrainingJob) -> str:
        return f"{job.gpu_config['count']} × {job.gpu_config['type']}"

    @admin.display(description="Status")
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
            "queues": queues.queues(),
            "unoffered": queues.unoffered_cards(),
            "waiting": TrainingJob.objects.waiting().select_related(*related)[:LISTED],
            "running": queues.silent_jobs().select_related(*related)[:LISTED],
            "workers": queues.workers(),
            "listed": LISTED,
        }
        return TemplateResponse(request, "admin/training/trainingjob/overview.html", context)
