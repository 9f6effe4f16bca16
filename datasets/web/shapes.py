"""What answers about data sets look like, where no serializer makes them: for the API's description."""

from typing import Any

from rest_framework import serializers

from datasets.formats.options import IGNORE, TRAIN
from datasets.formats.problems import KINDS
from datasets.formats.roles import MAPPED, MEANINGS
from datasets.formats.shapes import SHAPES
from pipeline.schema.components import Schema
from pipeline.schema.fields import COUNTS, StoredJSON

MAPPING = "Mapping"
MAPPING_SHAPE: Schema = {
    "type": "object",
    "description": "A format's fields and your columns; `role:NAME` and a role.",
    "properties": {name: {"type": "string"} for shape in SHAPES.values() for name in shape.fields},
    "patternProperties": {f"^{MAPPED}": {"enum": list(MEANINGS)}},
    "additionalProperties": False,
    "examples": [{"prompt": "question", "role:bot": "assistant"}],
}
COLUMNS: Schema = {"type": "array", "items": {"type": "string"}}


class LengthHistogramSerializer(serializers.Serializer[Any]):
    """Conversations by tokens, a bucket an entry; empty before they are counted."""

    bounds = serializers.ListField(child=serializers.IntegerField(), required=False, help_text="Inclusive, upper.")
    counts = serializers.ListField(child=serializers.IntegerField(), required=False)
    tokens = serializers.ListField(child=serializers.IntegerField(), required=False)


class ReadingOptionsSerializer(serializers.Serializer[Any]):
    """How a version's file is read; empty before that is found out."""

    container = serializers.ChoiceField(choices=["jsonl", "json", "csv", "parquet"], required=False)
    shape = serializers.ChoiceField(choices=list(SHAPES), required=False)
    compression = serializers.CharField(required=False, allow_blank=True)
    delimiter = serializers.CharField(required=False)
    mapping = serializers.DictField(child=serializers.CharField(), required=False)
    tool_calls = serializers.ChoiceField(choices=[IGNORE, TRAIN], required=False)
    merge_turns = serializers.BooleanField(required=False)
    fold_system = serializers.BooleanField(required=False)


class ProblemSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with a file, or worth a look."""

    kind = serializers.CharField(help_text=f"Among others {', '.join(f'`{kind}`' for kind in list(KINDS)[:3])}.")
    severity = serializers.ChoiceField(choices=["fatal", "error", "warning"])
    line = serializers.IntegerField(allow_null=True, help_text="From 1; null for the file as a whole.")
    reason = serializers.CharField()
    field = serializers.CharField(allow_blank=True, help_text="Where in the row.")
    excerpt = serializers.CharField(allow_blank=True)


class SegmentSerializer(serializers.Serializer[Any]):
    """A part of a row as the model sees it."""

    text = serializers.CharField(allow_blank=True)
    is_trained = serializers.BooleanField()
    is_beyond = serializers.BooleanField(help_text="It stands beyond the longest sequence.")


class PreviewRowSerializer(serializers.Serializer[Any]):
    """A row with the chat template applied."""

    line = serializers.IntegerField()
    tokens = serializers.IntegerField()
    trained = serializers.IntegerField(help_text="Tokens that are learned.")
    segments = SegmentSerializer(many=True)
    hidden = serializers.IntegerField(help_text="Tokens at the end that are not shown.")


class PreviewSerializer(serializers.Serializer[Any]):
    """Rows as the model sees them."""

    sequence_length = serializers.IntegerField()
    total = serializers.IntegerField(help_text="Rows that can be shown.")
    rows = PreviewRowSerializer(many=True)


class DeletedSerializer(serializers.Serializer[Any]):
    """A data set that is there no more."""

    id = serializers.UUIDField()
    deleted = serializers.BooleanField()


def problem_counts() -> StoredJSON:
    """Errors and warnings by kind."""
    return StoredJSON(COUNTS)
