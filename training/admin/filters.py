"""By what jobs and workers are found."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from training.models import GpuType, TrainingJob


def _has_free_text(field: Any) -> bool:
    return isinstance(field, models.CharField) and not field.choices


class Values(admin.AllValuesFieldListFilter):
    """Also what is empty has a name to click on."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "(none)"}


admin.FieldListFilter.register(_has_free_text, Values, take_priority=True)


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
