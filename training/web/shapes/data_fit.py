"""What a run would train on, in answers."""

from typing import Any

from rest_framework import serializers

from pipeline.schema.fields import TEXTS, StoredJSON
from training.models import DataFit


class LostLineSerializer(serializers.Serializer[Any]):
    """A row that would not be trained on, or not on all of its answers."""

    line = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField()
    reason = serializers.CharField()


class LostRowsSerializer(serializers.Serializer[Any]):
    """Rows that would be lost, or a part of their answers: all counted, the first listed."""

    count = serializers.IntegerField()
    reasons = StoredJSON(TEXTS, help_text="Kinds, and what they are.")
    lines = LostLineSerializer(many=True)


class DataNoteSerializer(serializers.Serializer[Any]):
    """What was done to conversations to have the template take them."""

    kind = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField()


class CheckedDataSerializer(serializers.Serializer[Any]):
    """The check of a data set for a base model. What is not known yet is null."""

    status = serializers.ChoiceField(choices=DataFit.Status.choices)
    progress = serializers.IntegerField(min_value=0, max_value=100, help_text="Percent.")
    reason = serializers.CharField(allow_blank=True, help_text="Why there is no result.")
    sequence_length = serializers.IntegerField()
    conversations = serializers.IntegerField(allow_null=True)
    dropped = serializers.IntegerField(allow_null=True, help_text="Conversations of which nothing is trained on.")
    pairs = serializers.IntegerField(allow_null=True)
    tokens = serializers.IntegerField(allow_null=True)
    trained_tokens = serializers.IntegerField(allow_null=True)
    truncated = serializers.IntegerField(allow_null=True, help_text="Conversations that are longer.")
    lost = LostRowsSerializer(allow_null=True)
    notes = DataNoteSerializer(many=True)
