"""The base model's field: grouped by what stands in the way of loading one, each with its size.

What no worker can load can be chosen all the same, to see its price; the field then says what to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
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
        on_offer = _by_family(list(self.queryset))
        places = whereabouts(on_offer)
        for place, label in GROUPS.items():
            if choices := [self.choice(model) for model in on_offer if places[model.pk] == place]:
                yield label, choices


class CatalogueField(forms.ModelChoiceField[Any]):
    """A row of the catalogue, which the form has looked at already: none is asked for again."""

    rows: Mapping[str, models.Model] = MappingProxyType({})
    """By what is sent for them."""

    def to_python(self, value: Any) -> Any:
        """Raises ValidationError."""
        if value in self.empty_values:
            return None
        sent = getattr(value, self.to_field_name or "pk") if isinstance(value, models.Model) else value
        if (found := self.rows.get(str(sent))) is None:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value})
        return found


class BaseModelField(CatalogueField):
    """A base model that is on offer."""

    iterator = ModelsByPlace

    def label_from_instance(self, obj: BaseModel) -> str:
        return f"{obj.name} ({size(obj)})"


def _by_family(found: Sequence[BaseModel]) -> list[BaseModel]:
    """The default's family first, as the models have their order."""
    families = list(dict.fromkeys(model.family for model in found))
    return sorted(found, key=lambda model: families.index(model.family))
