"""What the JSON API accepts about data sets."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.fields import empty

from datasets.formats.options import IGNORE, TRAIN
from datasets.formats.problems import storable
from datasets.formats.roles import MAPPED, MEANINGS
from datasets.formats.shapes import SHAPES
from datasets.held_out import LARGEST_SHARE
from datasets.models import Dataset
from datasets.web.forms.fields import FileField
from datasets.web.forms.upload import bare_name
from pipeline.pagination import PageQuery

TOOL_CALLS = [IGNORE, TRAIN]


class UploadedFileField(serializers.FileField):
    """By the same rule as the page's form."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return FileField().clean(super().to_internal_value(data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error


class MappingField(serializers.JSONField):
    """``{"prompt": "question", "role:bot": "assistant"}``: fields and the file's columns, role names and roles."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, str):
            self.binary = True  # in a form it comes as text
        value = super().to_internal_value(data)
        if not isinstance(value, dict) or not all(isinstance(column, str) for column in value.values()):
            raise serializers.ValidationError('Use an object of fields and columns: {"prompt": "question"}.')
        if any(storable(text) != text for pair in value.items() for text in pair):
            raise serializers.ValidationError("A name holds a NUL character or half a surrogate pair.")
        known = {name for shape in SHAPES.values() for name in shape.fields}
        if unknown := [name for name in value if name not in known and not name.startswith(MAPPED)]:
            raise serializers.ValidationError(f"No format has a field {', '.join(sorted(unknown))}.")
        if wrong := [name for name, role in value.items() if name.startswith(MAPPED) and role not in MEANINGS]:
            raise serializers.ValidationError(f"{', '.join(sorted(wrong))} must be one of {', '.join(MEANINGS)}.")
        return value


class Choice(serializers.BooleanField):
    """True or false; where a form does not send it, nothing is chosen."""

    default_empty_html = empty


class ReadingSerializer(serializers.Serializer[Any]):
    """How the rows are to be read."""

    format = serializers.ChoiceField(choices=["auto", *SHAPES], required=False)
    mapping = MappingField(required=False)
    tool_calls = serializers.ChoiceField(choices=TOOL_CALLS, required=False)
    merge_turns = Choice(required=False)
    fold_system = Choice(required=False)


class DatasetRequestSerializer(ReadingSerializer):
    file = UploadedFileField()
    name = serializers.CharField(max_length=200, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("name", bare_name(attrs["file"].name))
        return attrs


class VersionRequestSerializer(serializers.Serializer[Any]):
    file = UploadedFileField()


class DatasetChangeSerializer(ReadingSerializer):
    """What PATCH changes; a change of how the rows are read has them validated again."""

    name = serializers.CharField(max_length=200, required=False)
    evaluation_share = serializers.FloatField(min_value=0, max_value=LARGEST_SHARE, required=False, allow_null=True)
    split_seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    evaluation_dataset_id = serializers.PrimaryKeyRelatedField(
        source="evaluation_dataset", queryset=Dataset.objects.none(), required=False, allow_null=True
    )

    def __init__(self, *args: Any, others: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evaluation_dataset_id"].queryset = others  # type: ignore[attr-defined]


class ListQuery(PageQuery):
    """The query string of the list of data sets."""

    status = serializers.ChoiceField(choices=Dataset.Status.values, required=False)


class ErrorsQuery(PageQuery):
    """The query string of the list of problems."""

    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)
    severity = serializers.ChoiceField(choices=["fatal", "error", "warning"], required=False)
    kind = serializers.CharField(required=False)


class PreviewQuerySerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(default=0, min_value=0, max_value=10**9)
    limit = serializers.IntegerField(default=5, min_value=1, max_value=20)
    length = serializers.IntegerField(required=False, min_value=1, max_value=10**9)
