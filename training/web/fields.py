"""Fields of the JSON API of runs and jobs."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pipeline.fields import StrictInteger, StrictNumber
from training.core import budget
from training.core.hyperparameters import Limit
from training.estimates.catalogue import Catalogue
from training.models import BaseModel, GpuType

LARGEST_QUOTE = 10**15
"""US dollars."""


class CatalogueField(serializers.Field[Any, Any, Any, Any]):
    """The name of a row of the catalogue, which the serializer has in its context."""

    default_error_messages = {"invalid": "Invalid value."}

    def to_internal_value(self, data: Any) -> Any:
        """The row. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        found = self.on_offer(self.context["catalogue"]).get(data)
        return found if found is not None else self.fail("does_not_exist", value=data)

    def on_offer(self, catalogue: Catalogue) -> Mapping[str, Any]:
        """Rows by name."""
        raise NotImplementedError


@extend_schema_field({"type": "string", "examples": ["A100-80GB"]}, component_name="GpuTypeName")
class GpuTypeField(CatalogueField):
    """A GPU type on offer."""

    default_error_messages = {"does_not_exist": "There is no GPU type “{value}” on offer."}

    def on_offer(self, catalogue: Catalogue) -> Mapping[str, GpuType]:
        return catalogue.gpu_types_by_name


@extend_schema_field(
    {"type": "string", "examples": ["HuggingFaceTB/SmolLM2-135M-Instruct"]}, component_name="BaseModelName"
)
class BaseModelField(CatalogueField):
    """A base model on offer."""

    default_error_messages = {"does_not_exist": "There is no base model “{value}” on offer."}

    def on_offer(self, catalogue: Catalogue) -> Mapping[str, BaseModel]:
        return catalogue.base_models_by_name


def hyperparameter_field(limit: Limit) -> serializers.Field[Any, Any, Any, Any]:
    """The API field of one hyperparameter."""
    options: dict[str, Any] = {
        "required": not limit.is_optional,
        "error_messages": {"min_value": limit.message, "max_value": limit.message},
    }
    if limit.is_integer:
        return StrictInteger(min_value=int(limit.minimum), max_value=int(limit.maximum), **options)
    return StrictNumber(min_value=limit.minimum, max_value=limit.maximum, **options)


def budget_field() -> serializers.Field[Any, Any, Any, Any]:
    """US dollars that a job may cost at most."""
    return StrictNumber(
        min_value=float(budget.LOWEST),
        max_value=LARGEST_QUOTE,
        required=False,
        allow_null=True,
        error_messages={"min_value": budget.TOO_LOW},
    )
