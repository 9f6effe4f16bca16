"""An estimate, in answers."""

from typing import Any

from rest_framework import serializers

from pipeline.schema.fields import StoredJSON
from training.core.alternatives import CHEAPEST, CHEAPEST_WITHIN, FASTEST
from training.core.forecast import BASES
from training.core.notices import BATCH_BELOW_GPUS, BATCH_EXCEEDS_DATA
from training.web.requests import GpuConfigSerializer
from training.web.shapes.data_fit import CheckedDataSerializer
from training.web.shapes.memory import MemorySerializer


class CostBreakdownSerializer(serializers.Serializer[Any]):
    """US dollars."""

    compute = serializers.FloatField()
    storage = serializers.FloatField()


class TrainingDetailsSerializer(serializers.Serializer[Any]):
    """What the price follows from."""

    total_steps = serializers.IntegerField()
    steps_per_epoch = serializers.IntegerField()
    estimated_throughput_tokens_per_sec = serializers.IntegerField()
    dataset_name = serializers.CharField()


class OverheadSerializer(serializers.Serializer[Any]):
    """Seconds around the training."""

    start = serializers.FloatField()
    evaluation_per_epoch = serializers.FloatField()
    saving = serializers.FloatField()
    total = serializers.FloatField()


class BoundSerializer(serializers.Serializer[Any]):
    """One end of the range."""

    estimated_cost = serializers.FloatField()
    estimated_duration_hours = serializers.FloatField()


class ForecastSerializer(serializers.Serializer[Any]):
    """Cost (US dollars) and duration of a run, and what they rest on."""

    estimated_cost = serializers.FloatField()
    cost_breakdown = CostBreakdownSerializer()
    estimated_duration_hours = serializers.FloatField()
    hourly_rate = serializers.FloatField(help_text="US dollars, for all GPUs.")
    training_details = TrainingDetailsSerializer()
    basis = serializers.ChoiceField(choices=list(BASES))
    basis_runs = serializers.IntegerField(help_text="Measured runs that it is from.")
    basis_runs_on_this_gpu = serializers.IntegerField()
    training_seconds = serializers.FloatField()
    overhead_seconds = OverheadSerializer()
    low = BoundSerializer(help_text="10th percentile.")
    high = BoundSerializer(help_text="90th percentile.")


class BasesSerializer(serializers.Serializer[Any]):
    """What each basis says; null where nothing is known."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """By name."""
        return {basis: ForecastSerializer(allow_null=True) for basis in BASES}


class PriceSerializer(serializers.Serializer[Any]):
    """Of the GPU type."""

    per_gpu_hour = serializers.FloatField(help_text="US dollars.")
    as_of = serializers.DateField(allow_null=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]


class NoticeSerializer(serializers.Serializer[Any]):
    """What is worth knowing."""

    code = serializers.ChoiceField(choices=[BATCH_EXCEEDS_DATA, BATCH_BELOW_GPUS])
    message = serializers.CharField()


class RecommendedSerializer(serializers.Serializer[Any]):
    """The choice of hardware to take."""

    gpu_config = GpuConfigSerializer()
    reason = serializers.CharField()


class AlternativeSerializer(serializers.Serializer[Any]):
    """The run on some hardware."""

    gpu_config = GpuConfigSerializer()
    estimated_cost = serializers.FloatField()
    estimated_duration_hours = serializers.FloatField()
    hourly_rate = serializers.FloatField()
    fits = serializers.BooleanField(allow_null=True, help_text="Null where it is not known.")
    is_dominated = serializers.BooleanField(help_text="Another is no worse in cost and time, and better in one.")
    marks = StoredJSON({"type": "array", "items": {"enum": [CHEAPEST, FASTEST, CHEAPEST_WITHIN]}})


class EstimateSerializer(ForecastSerializer):
    """What a run would cost on the chosen hardware, and on every other."""

    estimates = BasesSerializer()
    price = PriceSerializer()
    memory = MemorySerializer(allow_null=True, help_text="Null where the model's or the card's size is not known.")
    data = CheckedDataSerializer(  # type: ignore[assignment]
        allow_null=True, help_text="Null where the data set is not ready."
    )
    notices = NoticeSerializer(many=True)
    recommended = RecommendedSerializer(allow_null=True, required=False, help_text="Null where none fits.")
    within_hours = serializers.FloatField(required=False, help_text="What `cheapest_within` means.")
    alternatives = AlternativeSerializer(many=True, required=False)
