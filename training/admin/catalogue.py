"""GPU types and base models: what is on offer, edited by whoever keeps the prices."""

from typing import Any

from django import forms
from django.contrib import admin

from pipeline.base_models import Place
from training.estimates.dimensions import DimensionsUnknown, read_dimensions
from training.models import BaseModel, GpuType


@admin.register(GpuType)
class GpuTypeAdmin(admin.ModelAdmin[GpuType]):
    list_display = [
        "name",
        "label",
        "price_per_hour",
        "price_as_of",
        "price_source",
        "tokens_per_second",
        "memory_gib",
        "is_default",
        "is_active",
        "queue",
    ]
    list_editable = ["price_per_hour", "price_as_of", "price_source", "tokens_per_second", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "label", "description"]


class BaseModelForm(forms.ModelForm[BaseModel]):
    """What is left empty is read from the model's config.json."""

    class Meta:
        model = BaseModel
        fields = "__all__"  # noqa: DJ007 - staff edit every field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parameters"].required = False

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
class BaseModelAdmin(admin.ModelAdmin[BaseModel]):
    form = BaseModelForm
    list_display = ["name", "family", "source", "revision", "parameters", "license", "is_default", "is_active"]
    list_editable = ["is_active"]
    list_filter = ["is_active", "family", "license"]
    search_fields = ["name", "source"]
