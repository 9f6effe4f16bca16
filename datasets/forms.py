"""The forms of data sets: upload a file, say how it is read, say what is held out."""

from pathlib import PurePath
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from datasets.formats.detect import PACKED_SUFFIXES, SUFFIXES, suffix_of
from datasets.formats.shapes import SHAPES
from datasets.models import Dataset

ACCEPTED = ", ".join(SUFFIXES)
SHAPE_CHOICES = [("", "Detect it"), *((key, shape.label) for key, shape in SHAPES.items())]
TOOL_CHOICES = [("ignore", "Leave them out"), ("train", "Write them out and train on them")]


def select() -> forms.Select:
    return forms.Select(attrs={"class": "select"})


class FileField(forms.FileField):
    """A file that by its name is a data set; what it really is, its content says later."""

    widget = forms.FileInput(attrs={"accept": ",".join([*SUFFIXES, *PACKED_SUFFIXES])})

    def clean(self, data: Any, initial: Any = None) -> UploadedFile:
        file: UploadedFile = super().clean(data, initial)
        if suffix_of(file.name or "") not in SUFFIXES:
            raise forms.ValidationError(
                f"A dataset is one of {ACCEPTED}, each also as .gz or .zst; this is “{PurePath(file.name or '').name}”."
            )
        return file


class UploadForm(forms.Form):
    name = forms.CharField(max_length=200, required=False, help_text="Left empty, the file's name is taken.")
    file = FileField(label="File")
    format = forms.ChoiceField(choices=SHAPE_CHOICES, required=False, widget=select())
    tool_calls = forms.ChoiceField(choices=TOOL_CHOICES, required=False, label="Tool calls", widget=select())

    def clean_tool_calls(self) -> str:
        return self.cleaned_data["tool_calls"] or "ignore"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("name") and "file" in values:
            values["name"] = bare_name(values["file"].name)
        return values


class VersionForm(forms.Form):
    file = FileField(label="Changed file")


class RenameForm(forms.Form):
    name = forms.CharField(max_length=200)


class ReadingForm(forms.Form):
    """Which shape the rows have, and which column holds what; one field for every field of every shape."""

    format = forms.ChoiceField(choices=SHAPE_CHOICES, required=False, widget=select())
    tool_calls = forms.ChoiceField(choices=TOOL_CHOICES, required=False, label="Tool calls", widget=select())

    def __init__(self, *args: Any, columns: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Same name"), *((column, column) for column in columns)]
        for name in self.names:
            self.fields[f"column_{name}"] = forms.ChoiceField(
                choices=choices, required=False, label=name, widget=select()
            )

    names = list(
        dict.fromkeys(
            [name for shape in SHAPES.values() for name in shape.required]
            + [name for shape in SHAPES.values() for name in shape.optional]
        )
    )

    @property
    def mapping_fields(self) -> list[tuple[forms.BoundField, str]]:
        """The mapping's fields, each with the shapes that have it."""
        return [
            (self[f"column_{name}"], " ".join(key for key, shape in SHAPES.items() if name in shape.fields))
            for name in self.names
        ]

    @classmethod
    def initial_for(cls, dataset: Dataset) -> dict[str, str]:
        mapped = {f"column_{name}": column for name, column in dataset.mapping.items()}
        is_unknown = "unknown_columns" in dataset.problem_counts
        shape = dataset.chosen_shape or ("prompt_completion" if is_unknown else dataset.format)
        return {"format": shape, "tool_calls": dataset.tool_calls, **mapped}

    def mapping(self) -> dict[str, str]:
        """What was mapped for the chosen shape."""
        shape = SHAPES.get(self.cleaned_data["format"])
        names = shape.fields if shape else self.names
        chosen = {name: self.cleaned_data[f"column_{name}"] for name in names}
        return {name: column for name, column in chosen.items() if column}


class SplitForm(forms.Form):
    """What is held out for evaluation: a share, or another data set."""

    evaluation_percent = forms.FloatField(min_value=0, max_value=50, label="Share held out (%)", required=False)
    split_seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, label="Seed")
    evaluation_dataset = forms.ModelChoiceField(
        Dataset.objects.none(), required=False, label="Or evaluate on", empty_label="the share above", widget=select()
    )

    def __init__(self, *args: Any, others: QuerySet[Dataset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evaluation_dataset"].queryset = others  # type: ignore[attr-defined]
        self.fields["evaluation_percent"].widget.attrs["placeholder"] = f"{settings.EVALUATION_SHARE * 100:g}"

    def values(self) -> dict[str, Any]:
        percent = self.cleaned_data["evaluation_percent"]
        return {
            "evaluation_share": None if percent is None else percent / 100,
            "split_seed": self.cleaned_data["split_seed"],
            "evaluation_dataset": self.cleaned_data["evaluation_dataset"],
        }


def bare_name(file_name: str) -> str:
    """``chats`` of ``chats.jsonl.gz``."""
    path = PurePath(file_name)
    path = path.with_suffix("") if path.suffix.lower() in PACKED_SUFFIXES else path
    return path.stem[:200]
