"""What the JSON API accepts and shows of data sets."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

from datasets.formats.shapes import SHAPES
from datasets.forms import FileField, bare_name
from datasets.models import Dataset, DatasetVersion

TOOL_CALLS = ["ignore", "train"]


class UploadedFileField(serializers.FileField):
    """By the same rule as the page's form."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return FileField().clean(super().to_internal_value(data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error


class MappingField(serializers.JSONField):
    """``{"prompt": "question"}``: a shape's field and the file's column."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, str):
            self.binary = True  # in a form it comes as text
        value = super().to_internal_value(data)
        known = {name for shape in SHAPES.values() for name in shape.fields}
        if not isinstance(value, dict) or not all(isinstance(column, str) for column in value.values()):
            raise serializers.ValidationError('Use an object of fields and columns: {"prompt": "question"}.')
        if unknown := value.keys() - known:
            raise serializers.ValidationError(f"No format has a field {', '.join(sorted(unknown))}.")
        return value


class ReadingSerializer(serializers.Serializer):
    """How the rows are to be read."""

    format = serializers.ChoiceField(choices=["auto", *SHAPES], required=False)
    mapping = MappingField(required=False)
    tool_calls = serializers.ChoiceField(choices=TOOL_CALLS, required=False)


class DatasetRequestSerializer(ReadingSerializer):
    file = UploadedFileField()
    name = serializers.CharField(max_length=200, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("name", bare_name(attrs["file"].name))
        return attrs


class VersionRequestSerializer(serializers.Serializer):
    file = UploadedFileField()


class DatasetChangeSerializer(ReadingSerializer):
    """What PATCH changes; a change of how the rows are read has them validated again."""

    name = serializers.CharField(max_length=200, required=False)
    evaluation_share = serializers.FloatField(min_value=0, max_value=0.5, required=False, allow_null=True)
    split_seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    evaluation_dataset_id = serializers.PrimaryKeyRelatedField(
        source="evaluation_dataset", queryset=Dataset.objects.none(), required=False, allow_null=True
    )

    def __init__(self, *args: Any, others: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evaluation_dataset_id"].queryset = others  # type: ignore[attr-defined]


class ListQuerySerializer(serializers.Serializer):
    page = serializers.IntegerField(default=1, min_value=1, max_value=10**9)
    limit = serializers.IntegerField(default=10, min_value=1, max_value=100)
    status = serializers.ChoiceField(choices=Dataset.Status.values, required=False)


class ErrorsQuerySerializer(serializers.Serializer):
    page = serializers.IntegerField(default=1, min_value=1, max_value=10**9)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)
    severity = serializers.ChoiceField(choices=["fatal", "error", "warning"], required=False)
    kind = serializers.CharField(required=False)


class PreviewQuerySerializer(serializers.Serializer):
    row = serializers.IntegerField(default=0, min_value=0, max_value=10**9)
    limit = serializers.IntegerField(default=5, min_value=1, max_value=20)
    length = serializers.IntegerField(required=False, min_value=1, max_value=10**9)


class DatasetSerializer(serializers.ModelSerializer):
    """A data set as a row: the specification's columns, and ours."""

    user_id = serializers.IntegerField()
    version = serializers.SerializerMethodField()
    evaluation_dataset_id = serializers.UUIDField()

    class Meta:
        model = Dataset
        fields = [
            "id", "user_id", "name", "format", "status", "training_ready", "progress", "version", "total_rows",
            "total_conversations", "total_training_pairs", "total_turns", "total_tokens", "trained_tokens",
            "duplicate_count", "longest_tokens", "tokenizer", "error_count", "warning_count", "left_out_count",
            "problem_counts", "chosen_shape", "mapping", "tool_calls", "evaluation_share", "split_seed",
            "evaluation_dataset_id", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_version(self, dataset: Dataset) -> dict[str, Any] | None:
        return dict(VersionSerializer(dataset.version).data) if dataset.version else None


class DatasetDetailSerializer(DatasetSerializer):
    class Meta(DatasetSerializer.Meta):
        fields = [*DatasetSerializer.Meta.fields, "length_histogram"]
        read_only_fields = fields


class VersionSerializer(serializers.ModelSerializer):
    class Meta:
        model = DatasetVersion
        fields = [
            "number", "file_name", "file_size", "sha256", "options", "columns", "total_conversations",
            "total_training_pairs", "total_tokens", "created_at",
        ]  # fmt: skip
        read_only_fields = fields
