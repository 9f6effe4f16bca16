"""What the JSON API shows of jobs."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pipeline.schema.fields import StoredJSON
from training.jobs.waiting import waiting
from training.models import RunMeasurement, RunPlan, TrainingJob
from training.web.requests import GpuConfigSerializer, HyperparametersSerializer
from training.web.shapes.job import (
    FiguresSerializer,
    JobDatasetSerializer,
    JobEventSerializer,
    TrainedDataSerializer,
    WaitingSerializer,
)


class JobSerializer(serializers.ModelSerializer[Any]):
    """A job as a row: the specification's columns, and ours."""

    user_id = serializers.IntegerField()
    dataset_id = serializers.UUIDField()
    base_model: serializers.Field[Any, Any, Any, Any] = serializers.SlugRelatedField(slug_field="name", read_only=True)
    gpu_config = StoredJSON(GpuConfigSerializer)
    hyperparameters = StoredJSON(HyperparametersSerializer)
    current_metrics = StoredJSON(FiguresSerializer)
    duration_seconds = serializers.FloatField(
        allow_null=True, help_text="From its first start to its end; null until it has ended."
    )
    final_cost = serializers.SerializerMethodField()
    final_loss = serializers.SerializerMethodField()
    final_evaluation_loss = serializers.SerializerMethodField()
    data = StoredJSON(TrainedDataSerializer)  # type: ignore[assignment]

    class Meta:
        model = TrainingJob
        fields = [
            "id",
            "user_id",
            "name",
            "tags",
            "note",
            "dataset_id",
            "base_model",
            "base_model_revision",
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
            "duration_seconds",
            "final_cost",
            "final_loss",
            "final_evaluation_loss",
            "data",
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

    def get_final_cost(self, job: TrainingJob) -> float | None:
        """US dollars; ``None`` until it has ended, as the losses."""
        return None if job.is_active else float(job.current_cost)

    def get_final_loss(self, job: TrainingJob) -> float | None:
        return job.final_metrics.get("loss")

    def get_final_evaluation_loss(self, job: TrainingJob) -> float | None:
        return job.final_metrics.get("evaluation_loss")


class JobWithDatasetSerializer(JobSerializer):
    """A job with what lists show of its data set."""

    dataset = serializers.SerializerMethodField()

    class Meta(JobSerializer.Meta):
        fields = [*JobSerializer.Meta.fields, "dataset"]

    @extend_schema_field(JobDatasetSerializer)
    def get_dataset(self, job: TrainingJob) -> dict[str, object]:
        return {
            "name": job.dataset.name,
            "format": job.dataset.format,
            "total_training_pairs": job.dataset.total_training_pairs,
        }


class PlanSerializer(serializers.ModelSerializer[Any]):
    """How a job is to run, and what was predicted of it."""

    class Meta:
        model = RunPlan
        exclude = ["job"]
        read_only_fields = [field.name for field in RunPlan._meta.fields]


class MeasurementSerializer(serializers.ModelSerializer[Any]):
    """What a finished run measured, beside what was predicted for the hardware that it really ran on."""

    class Meta:
        model = RunMeasurement
        exclude = ["id", "job", "base_model", "created_at"]
        read_only_fields = [field.name for field in RunMeasurement._meta.fields]


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

    @extend_schema_field(PlanSerializer(allow_null=True))
    def get_plan(self, job: TrainingJob) -> dict[str, Any] | None:
        plan = RunPlan.objects.filter(pk=job.pk).first()
        return dict(PlanSerializer(plan).data) if plan else None

    @extend_schema_field(MeasurementSerializer(allow_null=True))
    def get_measurement(self, job: TrainingJob) -> dict[str, Any] | None:
        """``None`` until the run is done."""
        row = RunMeasurement.objects.filter(job=job).first()
        return dict(MeasurementSerializer(row).data) if row else None

    @extend_schema_field(WaitingSerializer(allow_null=True))
    def get_waiting(self, job: TrainingJob) -> dict[str, object] | None:
        found = waiting(job)
        return asdict(found) if found else None

    @extend_schema_field(JobEventSerializer(many=True))
    def get_events(self, job: TrainingJob) -> list[Any]:
        return list(job.events.values("created_at", "actor", "from_status", "to_status", "attempt", "reason"))

    def get_adapter_url(self, job: TrainingJob) -> str | None:
        return f"/api/jobs/{job.pk}/adapter" if job.adapter else None
