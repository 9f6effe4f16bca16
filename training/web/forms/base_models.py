"""The base model's field: grouped by what stands in the way of loading one, each with its size.

What no worker can load can be chosen all the same, to see its price; the field then says what to do.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator

from training.core.overheads import STORED_BYTES
from training.jobs.base_models import FETCHED, NOWHERE, READY, whereabouts
from training.models import BaseModel

MB, GB = 10**6, 10**9
GROUPS = {
    READY: "Ready here",
    FETCHED: "Has to be fetched",
    NOWHERE: "On no worker yet: price only",
}


def size(model: BaseModel) -> str:
    """ "65.5 GB", "270 MB": its weights in 16 bits."""
    weights = STORED_BYTES * model.parameters
    return f"{weights / GB:.1f} GB" if weights >= GB else f"{weights / MB:.0f} MB"


def note(model: BaseModel, place: str) -> str:
    """What to know before it is trained on; nothing where a worker has it."""
    if place == FETCHED:
        return f"No worker has the base model yet: the one that runs the job fetches it first ({size(model)})."
    return "No worker that is connected now can load the base model." if place == NOWHERE else ""


class ModelsByPlace(ModelChoiceIterator[BaseModel]):
    """The base models in the groups that there are; within one, those of a family stand together."""

    def __iter__(self) -> Iterator[Any]:
        models = _by_family(list(self.queryset))
        places = whereabouts(models)
        for place, label in GROUPS.items():
            if choices := [self.choice(model) for model in models if places[model.pk] == place]:
                yield label, choices


class BaseModelField(forms.ModelChoiceField[BaseModel]):
    """A base model that is on offer."""

    iterator = ModelsByPlace

    def label_from_instance(self, obj: BaseModel) -> str:
        return f"{obj.name} ({size(obj)})"


def _by_family(models: Sequence[BaseModel]) -> list[BaseModel]:
    """The default's family first, as the models have their order."""
    families = list(dict.fromkeys(model.family for model in models))
    return sorted(models, key=lambda model: families.index(model.family))
