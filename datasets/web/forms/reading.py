"""How the rows of a file are read: the format, and which column holds what."""

from typing import Any

from django import forms

from datasets.formats.roles import MAPPED, MEANINGS
from datasets.formats.shapes import PREFERENCE, SHAPES
from datasets.models import Dataset
from datasets.web.forms.fields import select
from datasets.web.forms.upload import MERGE_LABEL, SHAPE_CHOICES, TOOL_CHOICES


class ReadingForm(forms.Form):
    """Which shape the rows have, and which column holds what; one field for every field of every shape."""

    format = forms.ChoiceField(choices=SHAPE_CHOICES, required=False, widget=select())
    tool_calls = forms.ChoiceField(choices=TOOL_CHOICES, required=False, label="Tool calls", widget=select())

    merge_turns = forms.BooleanField(required=False, label=MERGE_LABEL)
    fold_system = forms.BooleanField(
        required=False, label="Put a system message in front of the first user message if a model’s template takes none"
    )
    roles = forms.CharField(
        required=False,
        max_length=1000,
        label="Other role names",
        help_text=f"Say what they mean: bot=assistant, customer=user. Roles are {', '.join(MEANINGS)}.",
    )

    def __init__(self, *args: Any, columns: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Column of that name"), *((column, column) for column in columns)]
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
    def initial_for(cls, dataset: Dataset) -> dict[str, Any]:
        roles = {name: role for name, role in dataset.mapping.items() if name.startswith(MAPPED)}
        columns = {f"column_{name}": column for name, column in dataset.mapping.items() if name not in roles}
        return {
            "format": _first_guess(dataset),
            "tool_calls": dataset.tool_calls,
            "merge_turns": dataset.merge_turns,
            "fold_system": dataset.fold_system,
            "roles": ", ".join(f"{name.removeprefix(MAPPED)}={role}" for name, role in roles.items()),
            **columns,
        }

    def clean_roles(self) -> dict[str, str]:
        """As a mapping has them: ``{"role:bot": "assistant"}``."""
        pairs = [pair.partition("=") for pair in self.cleaned_data["roles"].split(",") if pair.strip()]
        found = {f"{MAPPED}{name.strip()}": role.strip() for name, _, role in pairs}
        if wrong := [pair[0].strip() for pair in pairs if not pair[0].strip() or pair[2].strip() not in MEANINGS]:
            raise forms.ValidationError(f"“{wrong[0]}” must mean one of {', '.join(MEANINGS)}: bot=assistant.")
        return found

    def mapping(self) -> dict[str, str]:
        """What was mapped for the chosen shape, and the roles."""
        shape = SHAPES.get(self.cleaned_data["format"])
        names = shape.fields if shape else self.names
        chosen = {name: self.cleaned_data[f"column_{name}"] for name in names}
        return {**{name: column for name, column in chosen.items() if column}, **self.cleaned_data["roles"]}


def _first_guess(dataset: Dataset) -> str:
    """The format that the form offers: the one that was chosen or found, or what is likely meant."""
    if dataset.chosen_shape:
        return str(dataset.chosen_shape)
    if "preference" in dataset.problem_counts:
        return PREFERENCE
    return "prompt_completion" if "unknown_columns" in dataset.problem_counts else str(dataset.format)
