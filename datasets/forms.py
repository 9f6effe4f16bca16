"""The upload form."""

from pathlib import PurePath
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

SUFFIXES = (".jsonl", ".ndjson", ".json")


class UploadForm(forms.Form):
    name = forms.CharField(max_length=200, required=False, help_text="Left empty, the file's name is taken.")
    file = forms.FileField(
        label="File",
        help_text="JSON Lines, one conversation a line.",
        widget=forms.FileInput(attrs={"accept": ",".join(SUFFIXES)}),
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if PurePath(file.name or "").suffix.lower() not in SUFFIXES:
            raise forms.ValidationError(f"A dataset is a JSON Lines file: {', '.join(SUFFIXES)}.")
        if file.size is not None and file.size > settings.DATASET_MAX_BYTES:
            raise forms.ValidationError(too_large())
        return file

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("name") and "file" in values:
            values["name"] = PurePath(values["file"].name).stem[:200]
        return values


def too_large() -> str:
    return f"The file is larger than the limit of {filesizeformat(settings.DATASET_MAX_BYTES)}."
