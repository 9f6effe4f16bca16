"""What was predicted of runs, and what they measured."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from pipeline.long_lists import YES_NO, CreatedFilter, LongList, by_id, recent
from training.admin.base import ReadOnly
from training.core.forecast import BASES
from training.core.gpu_names import CPU
from training.core.memory import GIB
from training.core.options import QUANTIZATIONS
from training.models import GpuType, RunMeasurement, RunPlan, Worker


class HardwareFilter(admin.SimpleListFilter):
    """By what is on offer, and the CPUs of the workers that there are."""

    title = "hardware"
    parameter_name = "hardware"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        cpus = Worker.objects.filter(device=CPU).exclude(device_name="").values_list("device_name", flat=True)
        names = [*GpuType.objects.values_list("name", flat=True), *sorted(set(cpus))]
        return [(name, name) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RunMeasurement]) -> QuerySet[RunMeasurement]:
        return queryset.filter(hardware=self.value()) if self.value() else queryset


@admin.register(RunPlan)
class RunPlanAdmin(ReadOnly, LongList):
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
    ordering = ["-pk"]
    list_filter = [
        recent("is_probe", "probe", YES_NO),
        recent("basis", "basis", [(basis, basis) for basis in BASES]),
        recent("quantization", "quantization", [(name, name) for name in QUANTIZATIONS]),
        recent("allow_oom", "started all the same", YES_NO),
    ]
    finders = [by_id("job__id")]
    search_help_text = "A job’s id or its first characters."


@admin.register(RunMeasurement)
class RunMeasurementAdmin(LongList):
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
    list_filter = [
        HardwareFilter,
        CreatedFilter,
        recent("is_probe", "probe", YES_NO),
        recent("basis", "basis", [(basis, basis) for basis in BASES]),
    ]
    list_select_related = ["base_model"]
    finders = [by_id("job__id")]
    search_help_text = "A job’s id or its first characters."

    @admin.display(description="Peak (GiB)")
    def peak(self, row: RunMeasurement) -> str:
        return f"{row.peak_bytes / GIB:.1f}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False
