"""Parts of a job that are kept as JSON or worked out, in answers."""

from typing import Any

from rest_framework import serializers

from training.core import status


class FiguresSerializer(serializers.Serializer[Any]):
    """What was measured last; empty before the first step."""

    loss = serializers.FloatField(required=False, allow_null=True)
    evaluation_loss = serializers.FloatField(required=False, allow_null=True)
    learning_rate = serializers.FloatField(required=False, allow_null=True)
    gradient_norm = serializers.FloatField(required=False, allow_null=True)
    tokens_per_second = serializers.FloatField(required=False, allow_null=True)


class TrainedDataSerializer(serializers.Serializer[Any]):
    """What the trainer found to train on; empty before it looked."""

    conversations = serializers.IntegerField(required=False)
    dropped = serializers.IntegerField(required=False)
    train_pairs = serializers.IntegerField(required=False)
    evaluation_pairs = serializers.IntegerField(required=False)
    total_tokens = serializers.IntegerField(required=False)
    trained_tokens = serializers.IntegerField(required=False)
    truncated = serializers.IntegerField(required=False)


class JobDatasetSerializer(serializers.Serializer[Any]):
    """Of a job's data set."""

    name = serializers.CharField()
    format = serializers.CharField()
    total_training_pairs = serializers.IntegerField(allow_null=True)


class WaitingSerializer(serializers.Serializer[Any]):
    """Where a queued job stands."""

    position = serializers.IntegerField(min_value=1, help_text="The next to start is 1.")
    reason = serializers.CharField()
    expected_start_at = serializers.DateTimeField(allow_null=True, help_text="Null where nobody knows.")
    expected_start_low = serializers.DateTimeField(allow_null=True)
    expected_start_high = serializers.DateTimeField(allow_null=True)
    own_ahead = serializers.ListField(child=serializers.UUIDField(), help_text="Your own jobs before it, at most 5.")


class DeletedJobSerializer(serializers.Serializer[Any]):
    """A job that is there no more."""

    id = serializers.UUIDField()
    deleted = serializers.BooleanField()


class JobEventSerializer(serializers.Serializer[Any]):
    """A change of a job's status."""

    created_at = serializers.DateTimeField()
    actor = serializers.CharField()
    from_status = serializers.ChoiceField(choices=status.ALL, allow_blank=True)
    to_status = serializers.ChoiceField(choices=status.ALL)
    attempt = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True)
