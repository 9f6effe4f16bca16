"""The admin of data sets: what the machine found is read, not edited."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize

from datasets.formats.shapes import SHAPES
from datasets.models import Dataset, DatasetVersion
from datasets.models.querysets import LONG
from datasets.services import dataset_validate_again
from pipeline.deletion import Protected
from pipeline.long_lists import YES_NO, CreatedFilter, LongList, by, by_id, newest, of_user, recent

SHOWN = 100
"""Versions on a data set's page."""


class VersionInline(admin.TabularInline[DatasetVersion, Dataset]):
    model = DatasetVersion
    template = "admin/read_only_inline.html"
    formset = newest(forms.BaseInlineFormSet, SHOWN)
    verbose_name_plural = f"versions, the newest {SHOWN}"
    fields = ("number", "file_name", "file_size", "sha256", "options", "total_training_pairs", "created_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Dataset)
class DatasetAdmin(Protected, LongList):
    list_display = [
        "name", "user", "status", "training_ready", "total_training_pairs", "total_tokens", "error_count", "created_at",
    ]  # fmt: skip
    list_filter = [
        "status",
        CreatedFilter,
        recent("format", "format", [(name, shape.label) for name, shape in SHAPES.items()]),
        recent("training_ready", "training ready", YES_NO),
    ]
    finders = [by_id(), by("name__istartswith"), of_user(), by("versions__sha256")]
    search_help_text = (
        "A dataset’s id or its first characters, the beginning of its name or of a username, or a file’s SHA-256."
    )
    list_select_related = ["user"]
    fields = (
        "name", "id", "user", "version", "format", "chosen_shape", "mapping", "tool_calls", "status", "training_ready",
        "progress", "total_rows", "total_conversations", "total_training_pairs", "total_turns", "total_tokens",
        "trained_tokens", "duplicate_count", "tokenizer", "error_count", "warning_count", "left_out_count",
        "problem_counts", "evaluation_share", "split_seed", "evaluation_dataset", "deleted_at", "created_at",
        "updated_at",
    )  # fmt: skip
    readonly_fields = fields[1:]
    inlines = [VersionInline]
    actions = ["validate_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dataset]:
        """Without what can be long and no page shows."""
        return super().get_queryset(request).defer(*LONG)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Validate selected datasets again", permissions=["change"])
    def validate_again(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        asked = sum(dataset_validate_again(dataset) for dataset in queryset)
        self.message_user(request, f"{asked} dataset{pluralize(asked)} will be validated again.")
