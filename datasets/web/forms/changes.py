"""The name of a data set, and what is held out of it."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.db.models import QuerySet

from datasets.held_out import LARGEST_SHARE
from datasets.models import Dataset
from datasets.web.forms.fields import select

OTHERS_LISTED = 200
"""Data sets to choose from, the newest; of more, the API takes any."""


class RenameForm(forms.Form):
    name = forms.CharField(max_length=200)


class SplitForm(forms.Form):
    """What is held out for evaluation: a share, or another data set."""

    evaluation_percent = forms.FloatField(
        min_value=0, max_value=100 * LARGEST_SHARE, label="Share held out (%)", required=False
    )
    split_seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, label="Seed")
    evaluation_dataset = forms.ModelChoiceField(
        Dataset.objects.none(), required=False, label="Or evaluate on", empty_label="The share above", widget=select()
    )

    def __init__(self, *args: Any, others: QuerySet[Dataset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast("forms.ModelChoiceField[Dataset]", self.fields["evaluation_dataset"])
        choice.queryset = others
        chosen = self.initial.get("evaluation_dataset")
        found = [*(others.filter(pk=chosen) if chosen else []), *others[:OTHERS_LISTED]]
        listed = {other.pk: other.name for other in found}
        choice.choices = [("", choice.empty_label or ""), *listed.items()]
        self.fields["evaluation_percent"].widget.attrs["placeholder"] = f"{settings.EVALUATION_SHARE * 100:g}"

    def values(self) -> dict[str, Any]:
        percent = self.cleaned_data["evaluation_percent"]
        return {
            "evaluation_share": None if percent is None else percent / 100,
            "split_seed": self.cleaned_data["split_seed"],
            "evaluation_dataset": self.cleaned_data["evaluation_dataset"],
        }
