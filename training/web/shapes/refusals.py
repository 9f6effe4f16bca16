"""Details of the refusals to start a job."""

from typing import Any

from rest_framework import serializers

from pipeline.schema.fields import StoredJSON
from training.models import DataFit
from training.web.shapes.data_fit import LostRowsSerializer
from training.web.shapes.memory import RemedySerializer


class BeingCheckedSerializer(serializers.Serializer[Any]):
    """The data set is being checked for the base model: ask again."""

    message = serializers.CharField()
    status = serializers.ChoiceField(choices=DataFit.Status.choices)
    progress = serializers.IntegerField(min_value=0, max_value=100, help_text="Percent.")


class NothingLeftSerializer(LostRowsSerializer):
    """No row is left to train on."""

    message = serializers.CharField()


class RowsWouldBeLostSerializer(NothingLeftSerializer):
    """Some rows would not be trained on."""

    to_start_all_the_same = StoredJSON({"const": {"allow_dropped_rows": True}})


class DoesNotFitSerializer(serializers.Serializer[Any]):
    """The run is predicted to need more memory than the card has."""

    message = serializers.CharField()
    peak_gib = serializers.FloatField()
    card_gib = serializers.FloatField()
    remedies = RemedySerializer(many=True)
    to_start_all_the_same = StoredJSON({"const": {"allow_oom": True}})
