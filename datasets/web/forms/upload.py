"""What is asked of a file that comes in."""

from pathlib import PurePath
from typing import Any

from django import forms

from datasets.formats.detect import PACKED_SUFFIXES
from datasets.formats.options import IGNORE, TRAIN
from datasets.formats.shapes import SHAPES
from datasets.web.forms.fields import FileField, select

SHAPE_CHOICES = [("", "Detect automatically"), *((key, shape.label) for key, shape in SHAPES.items())]
TOOL_CHOICES = [(TRAIN, "Train on them"), (IGNORE, "Leave them out, along with the answers that depend on them")]
MERGE_LABEL = "Join consecutive turns by the same speaker"


class UploadForm(forms.Form):
    name = forms.CharField(max_length=200, required=False, help_text="If empty, the file's name is used.")
    file = FileField(label="File")
    format = forms.ChoiceField(choices=SHAPE_CHOICES, required=False, widget=select())
    tool_calls = forms.ChoiceField(choices=TOOL_CHOICES, required=False, label="Tool calls", widget=select())

    merge_turns = forms.BooleanField(required=False, label=MERGE_LABEL)

    def clean_tool_calls(self) -> str:
        return self.cleaned_data["tool_calls"] or TRAIN

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("name") and "file" in values:
            values["name"] = bare_name(values["file"].name)
        return values


class VersionForm(forms.Form):
    file = FileField(label="Changed file")


def bare_name(file_name: str) -> str:
    """``chats`` of ``chats.jsonl.gz``."""
    path = PurePath(file_name)
    path = path.with_suffix("") if path.suffix.lower() in PACKED_SUFFIXES else path
    return path.stem[:200]
