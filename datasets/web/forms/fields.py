"""Fields that several forms have."""

from pathlib import PurePath
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from datasets.formats.detect import PACKED_SUFFIXES, SUFFIXES, suffix_of

ACCEPTED = ", ".join(SUFFIXES)


def select() -> forms.Select:
    return forms.Select(attrs={"class": "select"})


class FileField(forms.FileField):
    """A file that by its name is a data set; what it really is, its content says later."""

    widget = forms.FileInput(attrs={"accept": ",".join([*SUFFIXES, *PACKED_SUFFIXES])})

    def clean(self, data: Any, initial: Any = None) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = super().clean(data, initial)
        if suffix_of(file.name or "") not in SUFFIXES:
            raise forms.ValidationError(
                f"A dataset is one of {ACCEPTED}, each also as .gz or .zst; this is “{PurePath(file.name or '').name}”."
            )
        return file
