"""How the rows of a file are read: the format, and which column holds what."""

from typing import Any

from django import forms

from datasets.formats.shapes import SHAPES
from datasets.models import Dataset
from datasets.web.forms.fields import select
from datasets.web.forms.upload import SHAPE_CHOICES, TOOL_CHOICES


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
