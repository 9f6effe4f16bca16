"""The admin of data sets: what the machine found is read, not edited."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from datasets.models import Dataset
from datasets.services import dataset_validate_again


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    list_display = [
        "name", "user", "status", "training_ready", "total_training_pairs", "total_tokens", "error_count", "created_at",
    ]  # fmt: skip
    list_filter = [
        "status",
        "training_ready",
        "format",
        "created_at",
        ("user", admin.RelatedOnlyFieldListFilter),
    ]
    search_fields = ["id", "name", "file_name", "user__username"]
    list_select_related = ["user"]
    date_hierarchy = "created_at"
    fields = (
        "name", "id", "user", "format", "file_name", "file_size", "status", "training_ready", "progress",
        "total_conversations", "total_training_pairs", "total_tokens", "tokenizer", "error_count", "error_report",
        "created_at", "updated_at",
    )  # fmt: skip
    readonly_fields = fields[1:]
    actions = ["validate_again"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Validate selected datasets again", permissions=["change"])
    def validate_again(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        asked = sum(dataset_validate_again(dataset) for dataset in queryset)
        self.message_user(request, f"{asked} dataset(s) will be validated again.")
