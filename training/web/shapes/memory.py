"""GPU memory, in answers."""

from dataclasses import fields
from typing import Any

from rest_framework import serializers

from pipeline.schema.fields import StoredJSON
from training.core.memory import Memory


class RemedySerializer(serializers.Serializer[Any]):
    """A change, or several together, with which the run fits."""

    kind = serializers.ChoiceField(choices=["micro_batch", "checkpointing", "quantization", "combined", "card"])
    text = serializers.CharField()
    changes = StoredJSON({"type": "object", "description": "Fields of the request, as dotted paths, and new values."})
    peak_gib = serializers.FloatField(help_text="What the run then needs.")


class MemoryPartsSerializer(serializers.Serializer[Any]):
    """GiB by part, adding up to the peak."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """By name."""
        return {part.name: serializers.FloatField() for part in fields(Memory)}


class MemorySerializer(serializers.Serializer[Any]):
    """What the run needs on one GPU at its peak, against what the card has."""

    fits = serializers.BooleanField()
    is_tight = serializers.BooleanField(help_text="It fits, with less room left than predictions may be off by.")
    peak_gib = serializers.FloatField()
    card_gib = serializers.FloatField()
    parts_gib = MemoryPartsSerializer()
    basis_runs = serializers.IntegerField(help_text="Measured peaks that went into it.")
    micro_batch_size = serializers.IntegerField()
    sequence_length = serializers.IntegerField()
    sequence_length_is_measured = serializers.BooleanField()
    remedies = RemedySerializer(many=True, help_text="What would make it fit; nothing where it does.")
