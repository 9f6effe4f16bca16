"""What the JSON API accepts about data sets."""

import json
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.utils import html

from datasets.formats.options import IGNORE, TRAIN
from datasets.formats.roles import MAPPED, MEANINGS
from datasets.formats.shapes import SHAPES
from datasets.held_out import LARGEST_SHARE
from datasets.models import Dataset
from datasets.web.forms.fields import FileField
from datasets.web.forms.upload import bare_name
from datasets.web.shapes import MAPPING, MAPPING_SHAPE
from pipeline.fields import StrictBoolean, StrictId, StrictInteger, StrictNumber, StrictText
from pipeline.pagination import PageQuery
from pipeline.strict_json import StrictDecoder

TOOL_CALLS = [IGNORE, TRAIN]


@extend_schema_field({"type": "string", "format": "binary", "minLength": 1})
class UploadedFileField(serializers.FileField):
    """By the same rule as the page's form."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return FileField().clean(super().to_internal_value(data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error


@extend_schema_field(MAPPING_SHAPE, component_name=MAPPING)
class MappingField(serializers.JSONField):
    """``{"prompt": "question", "role:bot": "assistant"}``: fields and the file's columns, role names and roles."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        value = super().to_internal_value(_read(data) if isinstance(data, str) else data)  # in a form it is text
        if not isinstance(value, dict) or not all(isinstance(column, str) for column in value.values()):
            raise serializers.ValidationError('Use an object of fields and columns: {"prompt": "question"}.')
        known = {name for shape in SHAPES.values() for name in shape.fields}
        if unknown := [name for name in value if name not in known and not name.startswith(MAPPED)]:
            raise serializers.ValidationError(f"No format has a field {', '.join(sorted(unknown))}.")
        if wrong := [name for name, role in value.items() if name.startswith(MAPPED) and role not in MEANINGS]:
            raise serializers.ValidationError(f"{', '.join(sorted(wrong))} must be one of {', '.join(MEANINGS)}.")
        return value


def _read(text: str) -> Any:
    try:
        return json.loads(text, cls=StrictDecoder)
    except json.JSONDecodeError as error:
        raise serializers.ValidationError(f"This is no JSON that can be used: {error.msg}") from error


class Choice(StrictBoolean):
    """True or false, in a form as text; where a form does not send it, nothing is chosen."""

    default_empty_html = empty

    def to_internal_value(self, data: Any) -> bool:
        is_form = html.is_html_input(getattr(self.root, "initial_data", None))
        return serializers.BooleanField.to_internal_value(self, data) if is_form else super().to_internal_value(data)


WRITTEN = sorted(str(value) for value in serializers.BooleanField.TRUE_VALUES | serializers.BooleanField.FALSE_VALUES)
"""How a form says true and false."""


@extend_schema_field({"type": ["boolean", "string"], "enum": [True, False, *dict.fromkeys(WRITTEN)]})
class WrittenChoice(Choice):
    """Of a form."""


class ReadingSerializer(serializers.Serializer[Any]):
    """How the rows are to be read."""

    format = serializers.ChoiceField(choices=["auto", *SHAPES], required=False)
    mapping = MappingField(required=False)
    tool_calls = serializers.ChoiceField(choices=TOOL_CALLS, required=False)
    merge_turns = Choice(required=False)
    fold_system = Choice(required=False)


class NameField(serializers.CharField):
    """A name in a form; nothing but spaces is none."""

    def get_value(self, dictionary: Any) -> Any:
        """``empty`` where there is none."""
        value = super().get_value(dictionary)
        return empty if isinstance(value, str) and not value.strip() else value


class DatasetRequestSerializer(ReadingSerializer):
    """A new data set: its file, and how the rows are to be read."""

    merge_turns = WrittenChoice(required=False)
    fold_system = WrittenChoice(required=False)
    file = UploadedFileField()
    name = NameField(max_length=200, required=False, allow_blank=True, help_text="Left out or empty: the file's.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("name", bare_name(attrs["file"].name))
        return attrs


class VersionRequestSerializer(serializers.Serializer[Any]):
    """A changed file."""

    file = UploadedFileField()


class OtherDataset(serializers.PrimaryKeyRelatedField[Dataset]):
    """The id of a data set, or null: DRF's own field takes "" for null."""

    def run_validation(self, data: Any = empty) -> Any:
        """Raises ValidationError."""
        if data == "":
            self.fail("does_not_exist", pk_value=data)
        return super().run_validation(data)


class DatasetChangeSerializer(ReadingSerializer):
    """What PATCH changes; a change of how the rows are read has them validated again."""

    name = StrictText(max_length=200, required=False)
    evaluation_share = StrictNumber(min_value=0, max_value=LARGEST_SHARE, required=False, allow_null=True)
    split_seed = StrictInteger(min_value=0, max_value=2**31 - 1, required=False)
    evaluation_dataset_id = OtherDataset(
        source="evaluation_dataset",
        queryset=Dataset.objects.none(),
        pk_field=StrictId(),
        required=False,
        allow_null=True,
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


class VersionsQuery(PageQuery):
    """The query string of the list of versions."""

    limit = serializers.IntegerField(default=100, min_value=1, max_value=100)


class VersionQuery(serializers.Serializer[Any]):
    """The query string of a download."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class PreviewQuerySerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(default=0, min_value=0, max_value=10**9)
    limit = serializers.IntegerField(default=5, min_value=1, max_value=20)
    length = serializers.IntegerField(required=False, min_value=1, max_value=10**9)
