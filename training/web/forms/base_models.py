"""The base model's field: grouped by what stands in the way of loading one, each with its size."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator, ModelChoiceIteratorValue

from training.jobs.base_models import FETCHED, NOWHERE, READY, whereabouts
from training.models import BaseModel

BYTES_A_PARAMETER = 2
"""Of 16-bit weights."""
MB, GB = 10**6, 10**9
GROUPS = {
    READY: "Ready here",
    FETCHED: "Has to be fetched",
    NOWHERE: "To be put into a worker's models directory first",
}


def size(model: BaseModel) -> str:
    """ "65.5 GB", "270 MB": its weights in 16 bits."""
    weights = BYTES_A_PARAMETER * model.parameters
    return f"{weights / GB:.1f} GB" if weights >= GB else f"{weights / MB:.0f} MB"


def note(model: BaseModel, place: str) -> str:
    """What to know before it is trained on; nothing where a worker has it."""
    if place == FETCHED:
        return f"No worker has the base model yet: the one that runs the job fetches it first ({size(model)})."
    return "No worker that is connected now can load the base model." if place == NOWHERE else ""


class Offer(ModelChoiceIteratorValue):
    """A choice's value, which knows where its model is."""

    def __init__(self, value: Any, model: BaseModel, place: str) -> None:
        super().__init__(value, model)
        self.place = place


class ModelsByPlace(ModelChoiceIterator[BaseModel]):
    """The base models in the groups that there are; within one, those of a family stand together."""

    def __iter__(self) -> Iterator[Any]:
        models = _by_family(list(self.queryset))
        places = whereabouts(models)
        for place, label in GROUPS.items():
            if choices := [self._offer(model, place) for model in models if places[model.pk] == place]:
                yield label, choices

    def _offer(self, model: BaseModel, place: str) -> tuple[Offer, str]:
        return Offer(self.field.prepare_value(model), model, place), self.field.label_from_instance(model)


class BaseModelSelect(forms.Select):
    """What no worker can load cannot be chosen; where it has been, the field says so."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if value.place == NOWHERE and not option["selected"]:
            option["attrs"]["disabled"] = True
        return option


class BaseModelField(forms.ModelChoiceField[BaseModel]):
    """A base model that is on offer."""

    iterator = ModelsByPlace
    widget = BaseModelSelect

    def label_from_instance(self, obj: BaseModel) -> str:
        return f"{obj.name} ({size(obj)})"


def _by_family(models: Sequence[BaseModel]) -> list[BaseModel]:
    """The default's family first, as the models have their order."""
    families = list(dict.fromkeys(model.family for model in models))
    return sorted(models, key=lambda model: families.index(model.family))
