"""What was predicted of runs, and what they measured."""

from django.contrib import admin
from django.http import HttpRequest

from training.admin.base import ReadOnly
from training.core.memory import GIB
from training.models import RunMeasurement, RunPlan


@admin.register(RunPlan)
class RunPlanAdmin(ReadOnly):
    list_display = [
        "job_id",
        "is_probe",
        "quantization",
        "gradient_checkpointing",
        "micro_batch_size",
        "price_per_hour",
        "basis",
        "basis_runs",
        "duration_hours",
        "allow_oom",
    ]
    list_filter = ["is_probe", "basis", "quantization", "allow_oom"]
    search_fields = ["job__id"]


@admin.register(RunMeasurement)
class RunMeasurementAdmin(admin.ModelAdmin[RunMeasurement]):
    """A run that should not count (a machine that was busy with other things) can be deleted, nothing edited."""

    list_display = [
        "created_at",
        "job_id",
        "hardware",
        "gpu_count",
        "base_model",
        "tokens_per_second",
        "predicted_tokens_per_second",
        "hours",
        "predicted_hours",
        "peak",
        "is_probe",
    ]
    list_filter = ["hardware", "is_probe", "basis", "created_at"]
    list_select_related = ["base_model"]
    search_fields = ["job__id", "device_name"]

    @admin.display(description="Peak (GiB)")
    def peak(self, row: RunMeasurement) -> str:
        return f"{row.peak_bytes / GIB:.1f}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False
