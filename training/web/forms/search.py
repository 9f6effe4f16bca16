"""What a list of jobs is searched by, on its page."""

from functools import cached_property
from typing import Any, cast

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.forms.boundfield import BoundField

from datasets.models import Dataset
from training.core import labels, presets
from training.jobs.search import DAYS, LONGEST_TEXT, NEWEST, Search, contradictions
from training.models import BaseModel, TrainingJob

OFFERED = 200
"""Data sets to choose from: the newest. Jobs of others are found by their name."""
ORDERS = {
    NEWEST: "Newest first",
    "created": "Oldest first",
    "-cost": "Highest cost first",
    "cost": "Lowest cost first",
    "-duration": "Longest first",
    "duration": "Shortest first",
    "evaluation_loss": "Lowest evaluation loss first",
    "loss": "Lowest training loss first",
}
FOLDED = ("tag", "dataset_id", "base_model", "preset_id", "created_from", "created_to", "cost_min", "cost_max")
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _dollars(label: str) -> forms.DecimalField:
    widget = forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"})
    return forms.DecimalField(label=label, required=False, min_value=0, max_digits=20, decimal_places=2, widget=widget)


class SearchForm(forms.Form):
    """A query string; every field may be left out."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name, tag or dataset"}),
    )
    sort = forms.ChoiceField(label="Order", required=False, choices=list(ORDERS.items()))
    status = forms.ChoiceField(
        label="Status", required=False, choices=TrainingJob.Status.choices, widget=forms.HiddenInput
    )
    tag = forms.CharField(label="Tag", required=False, max_length=labels.LONGEST_TAG)
    dataset_id = forms.ModelChoiceField(
        Dataset.objects.none(),
        label="Dataset",
        required=False,
        empty_label="Any",
        error_messages={"invalid_choice": "None of your datasets."},
    )
    base_model = forms.ModelChoiceField(
        BaseModel.objects.only("pk", "name"),
        label="Base model",
        required=False,
        empty_label="Any",
        to_field_name="name",
    )
    preset_id = forms.ChoiceField(
        label="Preset", required=False, choices=[("", "Any"), *((id_, id_.title()) for id_ in presets.IDS)]
    )
    created_from = forms.DateField(label="Created from", required=False, validators=DAYS, widget=DAY)
    created_to = forms.DateField(label="Created to", required=False, validators=DAYS, widget=DAY)
    cost_min = _dollars("Cost from (US$)")
    cost_max = _dollars("Cost to (US$)")

    def __init__(self, data: Any, *, user: AbstractBaseUser) -> None:
        super().__init__(data)
        self.own = Dataset.objects.visible_to(user).only("pk", "name")
        fields = cast(dict[str, "forms.ModelChoiceField[Any]"], self.fields)
        fields["dataset_id"].queryset = self.own
        fields["dataset_id"].choices = lambda: self._datasets  # asked for when the page has the form
        fields["base_model"].choices = lambda: self._base_models

    def clean_tag(self) -> str:
        """As tags are kept."""
        return labels.tag(self.cleaned_data["tag"])

    def clean(self) -> None:
        """Raises ValidationError."""
        for name, words in contradictions(self.cleaned_data):
            self.add_error(name, words)

    @property
    def search(self) -> Search:
        """What is asked for; what is wrong is left out, and said at its field."""
        self.full_clean()
        asked = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        if dataset := asked.get("dataset_id"):
            asked["dataset_id"] = dataset.pk
        return Search(**asked)

    @property
    def open(self) -> list[BoundField]:
        """The fields that are always in view."""
        return [self[name] for name in ("q", "sort")]

    @property
    def folded(self) -> list[BoundField]:
        """The fields that are folded away while none is filled in."""
        return [self[name] for name in FOLDED]

    @property
    def shows_folded(self) -> bool:
        """One is filled in."""
        return any(self[name].value() for name in FOLDED)

    @cached_property
    def _datasets(self) -> list[tuple[object, str]]:
        found = list(self.own.order_by("-created_at")[:OFFERED])
        chosen = self.cleaned_data.get("dataset_id")
        others = [chosen] if chosen and chosen not in found else []
        return [("", "Any"), *((dataset.pk, dataset.name) for dataset in (*found, *others))]

    @cached_property
    def _base_models(self) -> list[tuple[object, str]]:
        names = BaseModel.objects.order_by("name").values_list("name", flat=True)
        return [("", "Any"), *((name, name) for name in names)]
