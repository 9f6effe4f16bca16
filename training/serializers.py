"""What the JSON API accepts and shows of jobs. Ranges come from the core's LIMITS."""

import math
from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from training.core import budget, presets, status
from training.core.forecast import LIST, MEASURED
from training.core.hyperparameters import LIMITS, Limit
from training.core.options import AUTO, LARGEST_MICRO_BATCH, NO_QUANTIZATION, PRECISIONS, QUANTIZATIONS, RunOptions
from training.models import MAX_GPUS, BaseModel, GpuType, RunMeasurement, RunPlan, TrainingJob
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


class StrictBoolean(serializers.BooleanField):
    """JSON's true or false: neither "yes" nor 1 is one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class RunRequestSerializer(serializers.Serializer):
    """What is to be run, on what, and how: an estimate's request and a job's have it in common."""

    dataset_id = serializers.UUIDField()
    gpu_config = GpuConfigSerializer()
    hyperparameters: serializers.Field = EstimateHyperparametersSerializer()
    base_model = CatalogueField(
        slug_field="name",
        queryset=BaseModel.objects.filter(is_active=True),
        required=False,
        error_messages={"does_not_exist": "There is no base model “{value}” on offer."},
    )
    micro_batch_size = StrictInteger(min_value=1, max_value=LARGEST_MICRO_BATCH, required=False, allow_null=True)
    gradient_checkpointing = StrictBoolean(default=False)
    quantization = serializers.ChoiceField(choices=list(QUANTIZATIONS), default=NO_QUANTIZATION)
    precision = serializers.ChoiceField(choices=list(PRECISIONS), default=AUTO)
    basis = serializers.ChoiceField(choices=[LIST, MEASURED], default=MEASURED)

    @property
    def options(self) -> RunOptions:
        asked = self.validated_data
        return RunOptions(
            micro_batch_size=asked.get("micro_batch_size"),
            gradient_checkpointing=asked["gradient_checkpointing"],
            quantization=asked["quantization"],
            precision=asked["precision"],
        )


class EstimateRequestSerializer(RunRequestSerializer):
    alternatives = StrictBoolean(default=True)
    within_hours = StrictNumber(min_value=0.01, max_value=10**6, required=False, allow_null=True)


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


class JobRequestSerializer(RunRequestSerializer):
    preset_id = serializers.ChoiceField(choices=presets.IDS)
    hyperparameters = JobHyperparametersSerializer()
    estimated_cost = StrictNumber(min_value=-LARGEST_QUOTE, max_value=LARGEST_QUOTE)
    max_cost = budget_field()
    allow_oom = StrictBoolean(default=False)
    probe = StrictBoolean(default=False)


class JobListQuerySerializer(serializers.Serializer):
    """The query string of the list of jobs."""

    page = serializers.IntegerField(default=1, min_value=1, max_value=10**9)
    limit = serializers.IntegerField(default=10, min_value=1, max_value=100)
    status = serializers.ChoiceField(choices=status.ALL, required=False)


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


class PlanSerializer(serializers.ModelSerializer):
    """How a job is to run, and what was predicted of it."""

    class Meta:
        model = RunPlan
        exclude = ["job"]


class MeasurementSerializer(serializers.ModelSerializer):
    """What a finished run measured, beside what was predicted for the hardware that it really ran on."""

    class Meta:
        model = RunMeasurement
        exclude = ["id", "job", "base_model", "created_at"]


class JobDetailSerializer(JobWithDatasetSerializer):
    """One job, with its plan and what it measured, its history, its log's tail and where its adapter is."""

    plan = serializers.SerializerMethodField()
    measurement = serializers.SerializerMethodField()
    waiting = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()
    adapter_url = serializers.SerializerMethodField()

    class Meta(JobWithDatasetSerializer.Meta):
        fields = [
            *JobWithDatasetSerializer.Meta.fields,
            "plan",
            "measurement",
            "log_tail",
            "waiting",
            "events",
            "adapter_url",
        ]

    def get_plan(self, job: TrainingJob) -> dict[str, Any] | None:
        plan = RunPlan.objects.filter(pk=job.pk).first()
        return dict(PlanSerializer(plan).data) if plan else None

    def get_measurement(self, job: TrainingJob) -> dict[str, Any] | None:
        """``None`` until the run is done."""
        row = RunMeasurement.objects.filter(job=job).first()
        return dict(MeasurementSerializer(row).data) if row else None

    def get_waiting(self, job: TrainingJob) -> dict[str, object] | None:
        found = waiting(job)
        return asdict(found) if found else None

    def get_events(self, job: TrainingJob) -> list[Any]:
        return list(job.events.values("created_at", "actor", "from_status", "to_status", "attempt", "reason"))

    def get_adapter_url(self, job: TrainingJob) -> str | None:
        return f"/api/jobs/{job.pk}/adapter" if job.adapter else None
