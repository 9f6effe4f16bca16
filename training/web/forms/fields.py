"""Fields that several forms have: sliders, a budget, what becomes of longer conversations."""

from typing import Any

from django import forms
from django.utils.text import capfirst

from training.core import budget
from training.core.hyperparameters import DECIMALS, LIMITS, Limit, number
from training.models import TOO_LONG
from training.trainer.windows import CUT, DROP, SPLIT

TOO_LONG_HELP = {
    SPLIT: "Each answer is learned, with as much of what came before it as fits. Plain text is learned in pieces.",
    CUT: "As split; but of plain text, only the beginning is learned.",
    DROP: "The whole row is left out. Start then asks you to confirm it.",
}
"""What becomes of conversations longer than the longest sequence, in a line each."""
WHOLE_CENTS = "Enter an amount in dollars and cents, such as 12.50."


class Slider(forms.NumberInput):
    """A number between two ends, never written as 5e-05."""

    input_type = "range"

    def format_value(self, value: Any) -> str | None:
        return number(value) if isinstance(value, float) else super().format_value(value)


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


def as_sent(value: Any) -> str:
    """A field's value as a browser sends it; nothing for what it does not send."""
    if value is None or isinstance(value, bool):
        return "on" if value else ""
    return number(value) if isinstance(value, float) else str(value)


def budget_field() -> forms.Field:
    """US dollars that a job may cost at most."""
    return forms.DecimalField(
        label="Stop at (US$)",
        help_text="The run stops itself, with a usable adapter, before it costs more",
        required=False,
        min_value=budget.LOWEST,
        max_digits=20,
        decimal_places=2,
        error_messages={"min_value": budget.TOO_LOW, "max_decimal_places": WHOLE_CENTS},
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
