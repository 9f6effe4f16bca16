"""What people write beside a job, on pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField

from training.core import labels
from training.web.forms.setting import SettingsForm


class NameField(forms.CharField):
    """A job's name, on one line."""

    def to_python(self, value: Any) -> str:
        return labels.one_line(super().to_python(value) or "")


class TagsField(forms.CharField):
    """Tags with commas between them; a list to whoever asks for its value."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Raises ValidationError."""
        try:
            return labels.tags(super().clean(value).split(","))
        except labels.BadTags as error:
            raise ValidationError(str(error)) from error


class LabelsForm(SettingsForm):
    """A job's name, tags and note."""

    name = NameField(
        label="Name",
        required=False,
        max_length=labels.LONGEST_NAME,
        help_text="Left empty, the job goes by its dataset and preset",
    )
    tags = TagsField(
        label="Tags",
        required=False,
        max_length=labels.MOST_TAGS * (labels.LONGEST_TAG + 2),
        help_text=f"A few short words with commas between them, at most {labels.MOST_TAGS}",
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=labels.LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @property
    def labels(self) -> dict[str, Any]:
        """Of a valid form, by the job's columns."""
        return {name: self.cleaned_data[name] for name in labels.FIELDS}

    @property
    def label_fields(self) -> list[BoundField]:
        """As they stand on a page."""
        return [self[name] for name in labels.FIELDS]

    @property
    def shows_labels(self) -> bool:
        """One is filled in, or wrong."""
        return self.is_wrong_at(*labels.FIELDS) or any(self[name].value() for name in labels.FIELDS)
