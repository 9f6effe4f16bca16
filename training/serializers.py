"""What the JSON API accepts and shows of jobs. Ranges come from the core's LIMITS."""

import math
from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from training.core import budget, presets, status
from training.core.estimate import Estimate, cents
from training.core.hyperparameters import LIMITS, Limit
from training.models import MAX_GPUS, BaseModel, GpuType, TrainingJob
from training.waiting import waiting

LARGEST_QUOTE = 10**15


class StrictInteger(serializers.IntegerField):
    """A JSON number without a fraction: neither "8" nor true is one."""

    def to_internal_value(self, data: Any) -> int:
        is_whole = isinstance(data, int) or (isinstance(data, float) and data.is_integer())
        if isinstance(data, bool) or not is_whole:
            self.fail("invalid")
        return int(data)


class StrictNumber(serializers.FloatField):
    """A finite JSON number: neither "0.1" nor true is one."""

    def to_internal_value(self, data: Any) -> int | float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        if isinstance(data, float) and not math.isfinite(data):
            self.fail("invalid")
        return data


class CatalogueField(serializers.SlugRelatedField):
    """The name of a row of a catalogue."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or "\0" in data:
            self.fail("invalid")
        return super().to_internal_value(data)


def hyperparameter_field(limit: Limit, *, required: bool = True) -> serializers.Field:
    """The API field of one hyperparameter."""
    messages: dict[str, Any] = {"min_value": limit.message, "max_value": limit.message}
    if limit.is_integer:
        lowest, highest = int(limit.minimum), int(limit.maximum)
        return StrictInteger(required=required, min_value=lowest, max_value=highest, error_messages=messages)
    return StrictNumber(required=required, min_value=limit.minimum, max_value=limit.maximum, error_messages=messages)


class GpuConfigSerializer(serializers.Serializer):
    type = CatalogueField(
        slug_field="name",
        queryset=GpuType.objects.filter(is_active=True),
        error_messages={"does_not_exist": "There is no GPU type “{value}” on offer."},
    )
    count = StrictInteger(min_value=1, max_value=MAX_GPUS)


class EstimateHyperparametersSerializer(serializers.Serializer):
    """The four hyperparameters that a cost depends on or that the specification asks for."""

    learning_rate = hyperparameter_field(LIMITS["learning_rate"])
    batch_size = hyperparameter_field(LIMITS["batch_size"])
    epochs = hyperparameter_field(LIMITS["epochs"])
    rank = hyperparameter_field(LIMITS["rank"])


class JobHyperparametersSerializer(EstimateHyperparametersSerializer):
    alpha = hyperparameter_field(LIMITS["alpha"], required=False)
    dropout = hyperparameter_field(LIMITS["dropout"], required=False)


class EstimateRequestSerializer(serializers.Serializer):
    dataset_id = serializers.UUIDField()
    gpu_config = GpuConfigSerializer()
    hyperparameters = EstimateHyperparametersSerializer()


def budget_field() -> serializers.Field:
    return StrictNumber(
        min_value=float(budget.LOWEST),
        max_value=LARGEST_QUOTE,
        required=False,
        allow_null=True,
        error_messages={"min_value": budget.TOO_LOW},
    )


class RetryRequestSerializer(serializers.Serializer):
    """What a retry may change."""

    max_cost = budget_field()


class JobRequestSerializer(EstimateRequestSerializer):
    preset_id = serializers.ChoiceField(choices=presets.IDS)
    hyperparameters = JobHyperparametersSerializer()
    estimated_cost = StrictNumber(min_value=-LARGEST_QUOTE, max_value=LARGEST_QUOTE)
    max_cost = budget_field()
    base_model = CatalogueField(
        slug_field="name",
        queryset=BaseModel.objects.filter(is_active=True),
        required=False,
        error_messages={"does_not_exist": "There is no base model “{value}” on offer."},
    )


class JobListQuerySerializer(serializers.Serializer):
    """The query string of the list of jobs."""

    page = serializers.IntegerField(default=1, min_value=1, max_value=10**9)
    limit = serializers.IntegerField(default=10, min_value=1, max_value=100)
    status = serializers.ChoiceField(choices=status.ALL, required=False)


def estimate_data(estimate: Estimate, *, dataset_name: str) -> dict[str, Any]:
    """An estimate in the shape and the rounding of the specification's answer."""
    return {
        "estimated_cost": float(cents(estimate.total_cost)),
        "cost_breakdown": {
            "compute": float(cents(estimate.compute_cost)),
            "storage": estimate.storage_cost,
        },
        "estimated_duration_hours": float(cents(estimate.duration_hours)),
        "hourly_rate": float(cents(estimate.hourly_rate)),
        "training_details": {
            "total_steps": estimate.total_steps,
            "steps_per_epoch": estimate.steps_per_epoch,
            "estimated_throughput_tokens_per_sec": estimate.tokens_per_second,
            "dataset_name": dataset_name,
        },
    }


class JobSerializer(serializers.ModelSerializer):
    """A job as a row: the specification's columns, and ours."""

    user_id = serializers.IntegerField()
    dataset_id = serializers.UUIDField()
    base_model: serializers.Field = serializers.SlugRelatedField(slug_field="name", read_only=True)

    class Meta:
        model = TrainingJob
        fields = [
            "id",
            "user_id",
            "dataset_id",
            "base_model",
            "preset_id",
            "status",
            "current_stage",
            "progress",
            "current_epoch",
            "total_epochs",
            "current_step",
            "total_steps",
            "gpu_config",
            "hyperparameters",
            "hourly_rate",
            "estimated_total_cost",
            "quoted_cost",
            "current_cost",
            "max_cost",
            "current_metrics",
            "attempt",
            "crashes",
            "checkpoint_step",
            "worker",
            "device",
            "device_name",
            "cancel_requested_at",
            "error_code",
            "error_message",
            "queued_at",
            "available_at",
            "started_at",
            "expected_finish_at",
            "finished_at",
            "heartbeat_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class JobWithDatasetSerializer(JobSerializer):
    """A job with what lists show of its data set."""

    dataset = serializers.SerializerMethodField()

    class Meta(JobSerializer.Meta):
        fields = [*JobSerializer.Meta.fields, "dataset"]

    def get_dataset(self, job: TrainingJob) -> dict[str, object]:
        return {
            "name": job.dataset.name,
            "format": job.dataset.format,
            "total_training_pairs": job.dataset.total_training_pairs,
        }


class JobDetailSerializer(JobWithDatasetSerializer):
    """One job, with its history, its log's tail and where its adapter is."""

    waiting = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()
    adapter_url = serializers.SerializerMethodField()

    class Meta(JobWithDatasetSerializer.Meta):
        fields = [*JobWithDatasetSerializer.Meta.fields, "log_tail", "waiting", "events", "adapter_url"]

    def get_waiting(self, job: TrainingJob) -> dict[str, object] | None:
        found = waiting(job)
        return asdict(found) if found else None

    def get_events(self, job: TrainingJob) -> list[Any]:
        return list(job.events.values("created_at", "actor", "from_status", "to_status", "attempt", "reason"))

    def get_adapter_url(self, job: TrainingJob) -> str | None:
        return f"/api/jobs/{job.pk}/adapter" if job.adapter else None
