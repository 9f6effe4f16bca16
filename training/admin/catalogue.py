"""GPU types and base models: what is on offer, edited by whoever keeps the prices."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from pipeline.base_models import Place
from pipeline.deletion import Protected
from pipeline.strict_json import StrictDecoder
from training.admin.base import EditableList
from training.estimates.dimensions import DimensionsUnknown, read_dimensions
from training.jobs import queues
from training.models import BaseModel, GpuType


class GpuTypeForm(forms.ModelForm[GpuType]):
    """With units."""

    class Meta:
        model = GpuType
        fields = "__all__"  # noqa: DJ007 - staff edit every field
        labels = {
            "memory_gib": "Memory (GiB)",
            "usable_gib": "Usable memory (GiB)",
            "peak_tflops": "Peak in 16 bits (TFLOPS)",
            "peak_fp32_tflops": "Peak in fp32 (TFLOPS)",
            "bandwidth_gb_s": "Memory bandwidth (GB/s)",
        }


@admin.register(GpuType)
class GpuTypeAdmin(EditableList):
    form = GpuTypeForm
    list_display = [
        "name",
        "is_active",
        "price_per_hour",
        "price_as_of",
        "price_source",
        "tokens_per_second",
        "memory",
        "is_default",
        "queue",
    ]
    list_editable = ["price_per_hour", "price_as_of", "price_source", "tokens_per_second", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "label", "description"]
    fieldsets = [
        (None, {"fields": ["name", "label", "description", "is_active", "is_default", "position"]}),
        ("Price", {"fields": ["price_per_hour", "price_as_of", "price_source"]}),
        ("Memory", {"fields": ["memory_gib", "usable_gib"]}),
        ("Speed by the list", {"fields": ["tokens_per_second"]}),
        (
            "Speed by a base model's architecture",
            {"fields": ["peak_tflops", "peak_fp32_tflops", "bandwidth_gb_s", "has_bf16", "interconnect"]},
        ),
    ]

    @admin.display(description="Usable GiB", ordering="usable_gib")
    def memory(self, gpu_type: GpuType) -> str:
        return f"{gpu_type.card.memory_gib:g}" if gpu_type.card else ""

    def get_urls(self) -> list[URLPattern]:
        activate = path(
            "<int:pk>/activate/", self.admin_site.admin_view(self.activate), name="training_gputype_activate"
        )
        return [activate, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"unoffered": queues.unoffered_cards()} | (extra_context or {}))

    @method_decorator(require_POST)
    def activate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Offer a card that a worker has."""
        gpu_type = get_object_or_404(GpuType, pk=pk)
        if not self.has_change_permission(request, gpu_type):
            raise PermissionDenied
        if not gpu_type.is_active:
            gpu_type.is_active = True
            gpu_type.save(update_fields=["is_active"])
            self.log_change(request, gpu_type, [{"changed": {"fields": ["Is active"]}}])
        said = f"{gpu_type.label} is on offer at ${gpu_type.price_per_hour:,.2f} an hour."
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:training_gputype_changelist")


class BaseModelForm(forms.ModelForm[BaseModel]):
    """What is left empty is read from the model's config.json."""

    class Meta:
        model = BaseModel
        fields = "__all__"  # noqa: DJ007 - staff edit every field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parameters"].required = False

    def clean_source(self) -> str:
        source: str = self.cleaned_data["source"]
        if refusal := Place(source).refusal:
            raise forms.ValidationError(refusal)
        return source

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        source = values.get("source")
        if source and (not values.get("architecture") or not values.get("parameters")):
            try:
                dimensions = read_dimensions(Place(source, values.get("revision", "")))
            except DimensionsUnknown as error:
                if not values.get("parameters"):
                    raise forms.ValidationError({"source": str(error)}) from error
            else:
                values["architecture"] = values.get("architecture") or dimensions.to_dict()
                values["parameters"] = values.get("parameters") or dimensions.parameters
        return values


@admin.register(BaseModel)
class BaseModelAdmin(Protected, EditableList):
    form = BaseModelForm
    list_display = ["name", "family", "source", "revision", "parameters", "license", "is_default", "is_active"]
    list_editable = ["is_active"]
    list_filter = ["is_active", "family", "license"]
    search_fields = ["name", "source"]
    formfield_overrides = {models.JSONField: {"decoder": StrictDecoder}}
