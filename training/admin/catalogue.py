"""GPU types and base models: what is on offer, edited by whoever keeps the prices."""

from django.contrib import admin

from training.models import BaseModel, GpuType


@admin.register(GpuType)
class GpuTypeAdmin(admin.ModelAdmin):
    list_display = ["name", "label", "price_per_hour", "tokens_per_second", "is_default", "is_active", "queue"]
    list_editable = ["price_per_hour", "tokens_per_second", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "label", "description"]


@admin.register(BaseModel)
class BaseModelAdmin(admin.ModelAdmin):
    list_display = ["name", "source", "parameters", "license", "is_default", "is_active"]
    list_editable = ["is_active"]
    list_filter = ["is_active", "license"]
    search_fields = ["name", "source"]
