"""Fields that several forms have: sliders, a budget, base models in groups."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.utils.text import capfirst

from training.core import budget
from training.core.hyperparameters import DECIMALS, LIMITS, Limit, number
from training.models import TOO_LONG, BaseModel
from training.trainer.windows import CUT, DROP, SPLIT

TOO_LONG_HELP = {
    SPLIT: "Each answer is learned, with as much of what came before it as fits. Plain text is learned in pieces.",
    CUT: "As split; but of plain text, only the beginning is learned.",
    DROP: "The whole row is not trained on. Start then asks you to confirm it.",
}
"""What becomes of conversations longer than the longest sequence, in a line each."""


class Slider(forms.NumberInput):
    """A number between two ends."""

    input_type = "range"


def slider_field(limit: Limit) -> forms.Field:
    """One hyperparameter's slider; it accepts the whole range that the API accepts."""
    widget = Slider(
        attrs={
            "min": number(limit.slider_minimum),
            "max": number(limit.slider_maximum),
            "step": number(limit.step),
            "data-least-decimals": limit.least_decimals,
            "data-decimals": DECIMALS,
        }
    )
    kind: Any = forms.IntegerField if limit.is_integer else forms.FloatField
    field: forms.Field = kind(
        label=limit.label,
        help_text=limit.help,
        min_value=limit.minimum,
        max_value=limit.maximum,
        error_messages={"min_value": limit.message, "max_value": limit.message},
    )
    field.widget = widget  # set afterwards: a field would lay its own range over the slider's
    return field


def shown(name: str, value: object) -> str:
    """A slider's value as people read it; what is no number, as it was sent."""
    try:
        return LIMITS[name].text(float(str(value)))
    except (ValueError, OverflowError):
        return str(value)


def budget_field() -> forms.Field:
    """US dollars that a job may cost at most."""
    return forms.DecimalField(
        label="Stop at (US$)",
        help_text="The run stops itself, with a usable adapter, before it costs more",
        required=False,
        min_value=budget.LOWEST,
        max_digits=20,
        decimal_places=2,
        error_messages={"min_value": budget.TOO_LOW},
        widget=forms.NumberInput(attrs={"placeholder": "No limit", "step": "0.01", "inputmode": "decimal"}),
    )


def too_long_field() -> forms.ChoiceField:
    """What becomes of conversations longer than the longest sequence."""
    return forms.ChoiceField(
        label="Longer conversations",
        required=False,
        choices=[(choice, capfirst(label)) for choice, label in TOO_LONG.items()],
        error_messages={"invalid_choice": f"Must be one of {', '.join(TOO_LONG)}."},
    )


class ModelsByFamily(ModelChoiceIterator[BaseModel]):
    """The base models in groups, the default's first."""

    def __iter__(self) -> Iterator[Any]:
        families: dict[str, list[Any]] = {}
        for model in self.queryset:
            families.setdefault(model.family or "Others", []).append(self.choice(model))
        yield from families.items()


class BaseModelField(forms.ModelChoiceField[BaseModel]):
    """A base model that is on offer."""

    iterator = ModelsByFamily
