"""What the JSON API shows of data sets."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from datasets.models import Dataset, DatasetVersion
from datasets.web.shapes import COLUMNS, MAPPING, LengthHistogramSerializer, ReadingOptionsSerializer, problem_counts
from pipeline.schema.components import ref
from pipeline.schema.fields import StoredJSON


class VersionSerializer(serializers.ModelSerializer[Any]):
    """One version of a data set's file."""

    options = StoredJSON(ReadingOptionsSerializer)
    columns = StoredJSON(COLUMNS)

    class Meta:
        model = DatasetVersion
        fields = [
            "number", "file_name", "file_size", "sha256", "options", "columns", "total_conversations",
            "total_training_pairs", "total_tokens", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class DatasetSerializer(serializers.ModelSerializer[Any]):
    """A data set as a row: the specification's columns, and ours."""

    user_id = serializers.IntegerField()
    version = serializers.SerializerMethodField()
    evaluation_dataset_id = serializers.UUIDField(allow_null=True)
    mapping = StoredJSON(ref("schemas", MAPPING))
    problem_counts = problem_counts()

    class Meta:
        model = Dataset
        fields = [
            "id", "user_id", "name", "format", "status", "training_ready", "progress", "version", "total_rows",
            "total_conversations", "total_training_pairs", "total_turns", "total_tokens", "trained_tokens",
            "duplicate_count", "longest_tokens", "tokenizer", "error_count", "warning_count", "left_out_count",
            "problem_counts", "chosen_shape", "mapping", "tool_calls", "merge_turns", "fold_system",
            "evaluation_share", "split_seed", "evaluation_dataset_id", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(VersionSerializer(allow_null=True))
    def get_version(self, dataset: Dataset) -> dict[str, Any] | None:
        return dict(VersionSerializer(dataset.version).data) if dataset.version else None


class DatasetDetailSerializer(DatasetSerializer):
    """A data set, with how long its conversations are."""

    length_histogram = StoredJSON(LengthHistogramSerializer)

    class Meta(DatasetSerializer.Meta):
        fields = [*DatasetSerializer.Meta.fields, "length_histogram"]
        read_only_fields = fields
