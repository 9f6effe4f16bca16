"""What the JSON API accepts about runs and jobs. Ranges come from the core."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from pipeline.fields import StrictBoolean, StrictId, StrictInteger, StrictNumber, StrictText
from pipeline.pagination import PageQuery
from training.core import labels, presets, status
from training.core.estimate import cents
from training.core.forecast import BASES, BEST, LIST
from training.core.hyperparameters import LIMITS, Hyperparameters
from training.core.options import AUTO, LARGEST_MICRO_BATCH, NO_QUANTIZATION, PRECISIONS, QUANTIZATIONS, RunOptions
from training.jobs.search import DAYS, LONGEST_TEXT, NEWEST, ORDERS, contradictions
from training.models import MAX_GPUS, TOO_LONG, BaseModel
from training.trainer.windows import SPLIT
from training.web.fields import (
    LARGEST_QUOTE,
    BaseModelField,
    GpuTypeField,
    budget_field,
    hyperparameter_field,
)


class GpuConfigSerializer(serializers.Serializer[Any]):
    """On what it is to run."""

    type = GpuTypeField()
    count = StrictInteger(min_value=1, max_value=MAX_GPUS)


class HyperparametersSerializer(serializers.Serializer[Any]):
    """Every hyperparameter of the core, by its limits."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """By name."""
        return {name: hyperparameter_field(limit) for name, limit in LIMITS.items()}


class RunRequestSerializer(serializers.Serializer[Any]):
    """What is to be run, on what, and how: an estimate's request and a job's have it in common."""

    dataset_id = StrictId()
    gpu_config = GpuConfigSerializer()
    hyperparameters = HyperparametersSerializer()
    base_model = BaseModelField(required=False)
    micro_batch_size = StrictInteger(min_value=1, max_value=LARGEST_MICRO_BATCH, required=False, allow_null=True)
    gradient_checkpointing = StrictBoolean(default=False)
    quantization = serializers.ChoiceField(choices=list(QUANTIZATIONS), default=NO_QUANTIZATION)
    precision = serializers.ChoiceField(choices=list(PRECISIONS), default=AUTO)
    too_long = serializers.ChoiceField(choices=list(TOO_LONG), default=SPLIT)
    basis = serializers.ChoiceField(choices=[*BASES, BEST], default=LIST)

    @property
    def run(self) -> dict[str, Any]:
        """What an estimate and a job are made of, but for the data set: keyword arguments of a JobRequest."""
        asked = self.validated_data
        return {
            "gpu_type": asked["gpu_config"]["type"],
            "gpu_count": asked["gpu_config"]["count"],
            "hyperparameters": self.hyperparameter_values(),
            "base_model": asked.get("base_model"),
            "options": RunOptions(
                micro_batch_size=asked.get("micro_batch_size"),
                gradient_checkpointing=asked["gradient_checkpointing"],
                quantization=asked["quantization"],
                precision=asked["precision"],
            ),
            "too_long": asked["too_long"],
            "basis": asked["basis"],
        }

    def hyperparameter_values(self) -> Hyperparameters:
        """With what may be left out filled in."""
        asked = self.validated_data
        return presets.complete(asked["hyperparameters"], asked.get("preset_id", presets.CUSTOM))


class EstimateRequestSerializer(RunRequestSerializer):
    """An estimate is asked for; a preset decides what its dropout is where that is left out."""

    preset_id = serializers.ChoiceField(choices=presets.IDS, default=presets.CUSTOM)
    alternatives = StrictBoolean(default=True)
    within_hours = StrictNumber(min_value=0.01, max_value=10**6, required=False, allow_null=True)


class LabelsSerializer(serializers.Serializer[Any]):
    """What people write beside a job."""

    name = StrictText(max_length=labels.LONGEST_NAME, allow_blank=True, required=False)
    tags = serializers.ListField(
        child=StrictText(max_length=labels.LONGEST_TAG), max_length=labels.MOST_TAGS, required=False
    )
    note = StrictText(max_length=labels.LONGEST_NOTE, allow_blank=True, required=False)

    def validate_name(self, name: str) -> str:
        """On one line."""
        return labels.one_line(name)

    def validate_tags(self, texts: list[str]) -> list[str]:
        """As they are kept. Raises ValidationError."""
        try:
            return labels.tags(texts)
        except labels.BadTags as error:
            raise serializers.ValidationError(str(error)) from error

    @property
    def labels(self) -> dict[str, Any]:
        """Those that were given, by the job's columns."""
        return {name: self.validated_data[name] for name in labels.FIELDS if name in self.validated_data}


class JobRequestSerializer(LabelsSerializer, RunRequestSerializer):
    """A job is to be started."""

    preset_id = serializers.ChoiceField(choices=presets.IDS)
    estimated_cost = StrictNumber(min_value=-LARGEST_QUOTE, max_value=LARGEST_QUOTE)
    max_cost = budget_field()
    allow_oom = StrictBoolean(default=False)
    allow_dropped_rows = StrictBoolean(default=False)
    probe = StrictBoolean(default=False)

    @property
    def job(self) -> dict[str, Any]:
        """Keyword arguments of a JobRequest, but for the data set."""
        asked = self.validated_data
        return (
            self.run
            | self.labels
            | {
                "preset_id": asked["preset_id"],
                "quoted_cost": cents(asked["estimated_cost"]),
                "max_cost": budget_of(asked),
                "allow_oom": asked["allow_oom"],
                "allow_dropped_rows": asked["allow_dropped_rows"],
                "probe": asked["probe"],
            }
        )


class RetryRequestSerializer(serializers.Serializer[Any]):
    """What a retry may change."""

    max_cost = budget_field()


def _dollars() -> serializers.Field[Any, Any, Any, Any]:
    return serializers.DecimalField(required=False, max_digits=20, decimal_places=2, min_value=0)


class JobListQuery(PageQuery):
    """The query string of the list of jobs."""

    status = serializers.ChoiceField(choices=status.ALL, required=False)
    q = serializers.CharField(
        required=False, max_length=LONGEST_TEXT, help_text="In the job's name, its data set's, or a tag."
    )
    tag = serializers.CharField(required=False, max_length=labels.LONGEST_TAG)
    dataset_id = serializers.UUIDField(required=False)
    base_model = serializers.SlugRelatedField(
        slug_field="name",
        queryset=BaseModel.objects.all(),
        required=False,
        error_messages={"does_not_exist": "There is no base model “{value}”."},
    )
    preset_id = serializers.ChoiceField(choices=presets.IDS, required=False)
    created_from = serializers.DateField(required=False, validators=DAYS)
    created_to = serializers.DateField(required=False, validators=DAYS)
    cost_min = _dollars()
    cost_max = _dollars()
    sort = serializers.ChoiceField(choices=list(ORDERS), default=NEWEST, help_text="`-`: the greatest first.")

    def validate_tag(self, tag: str) -> str:
        """As tags are kept."""
        return labels.tag(tag)

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Raises ValidationError."""
        if wrong := dict(contradictions(asked)):
            raise serializers.ValidationError(wrong)
        return asked


def budget_of(asked: dict[str, Any]) -> Decimal | None:
    """The budget of a validated request, in US dollars."""
    return None if asked.get("max_cost") is None else cents(asked["max_cost"])
