"""The configure page's form. Sliders and their ranges are built from the core's LIMITS."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms

from training.core import budget
from training.core.hyperparameters import LIMITS, Hyperparameters, Limit, number
from training.core.presets import DEFAULT, IDS, PRESETS, matching
from training.models import MAX_GPUS, BaseModel, GpuType

DEFAULT_GPU_COUNT = 2
SHORTEST_LEARNING_RATE_DECIMALS = 5


class Slider(forms.NumberInput):
    input_type = "range"


def slider_field(limit: Limit) -> forms.Field:
    """One hyperparameter's slider; it accepts the whole range that the API accepts."""
    widget = Slider(
        attrs={
            "min": number(limit.slider_minimum),
            "max": number(limit.slider_maximum),
            "step": number(limit.step),
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


class RetryForm(forms.Form):
    """What a retry may change."""

    max_cost = budget_field()


class ConfigureForm(forms.Form):
    dataset_id = forms.UUIDField(widget=forms.HiddenInput)
    base_model = forms.ModelChoiceField(BaseModel.objects.filter(is_active=True), empty_label=None)
    preset_id = forms.ChoiceField(choices=[(id_, id_) for id_ in IDS], widget=forms.RadioSelect)
    gpu_type = forms.ModelChoiceField(
        GpuType.objects.filter(is_active=True),
        to_field_name="name",
        widget=forms.RadioSelect,
        empty_label=None,
    )
    gpu_count = forms.IntegerField(
        label="Number of GPUs",
        min_value=1,
        max_value=MAX_GPUS,
        widget=Slider(attrs={"min": 1, "max": MAX_GPUS, "step": 1}),
    )
    quoted_cost = forms.DecimalField(required=False, max_digits=20, decimal_places=2, widget=forms.HiddenInput)
    idempotency_key = forms.CharField(required=False, max_length=255, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for limit in LIMITS.values():
            self.fields[limit.name] = slider_field(limit)
        self.fields["max_cost"] = budget_field()

    @classmethod
    def initial_values(cls) -> dict[str, Any]:
        """The page as it first appears: the Balanced preset on two of the default GPUs."""
        return {
            "preset_id": DEFAULT,
            "gpu_type": GpuType.objects.filter(is_active=True).order_by("-is_default", "position").first(),
            "gpu_count": DEFAULT_GPU_COUNT,
            "idempotency_key": uuid.uuid4(),
            "base_model": BaseModel.objects.filter(is_active=True).first(),
            **{name: shown(name, value) for name, value in PRESETS[DEFAULT].hyperparameters.to_dict().items()},
        }

    def renewed(self) -> "ConfigureForm":
        """The same choice under a key of its own: sent again, it is another job."""
        return ConfigureForm({**{name: self.data[name] for name in self.data}, "idempotency_key": str(uuid.uuid4())})

    @property
    def hyperparameters(self) -> Iterator[Mapping[str, object]]:
        """Each slider with its limit and the value as text."""
        for name, limit in LIMITS.items():
            yield {"field": self[name], "limit": limit, "value": shown(name, self[name].value())}

    def cleaned_hyperparameters(self) -> Hyperparameters:
        return Hyperparameters.from_mapping(self.cleaned_data)

    def chosen_preset(self) -> str:
        """The preset that the values are, whatever radio was sent: without scripts a slider leaves it behind."""
        return matching(self.cleaned_hyperparameters())


def shown(name: str, value: object) -> str:
    """A slider's value as people read it; the learning rate with at least the five decimals of its presets."""
    try:
        amount = float(str(value))
    except ValueError:
        return str(value)
    text = number(amount)
    if name == "learning_rate" and "." in text:
        whole, decimals = text.split(".")
        return f"{whole}.{decimals:0<{SHORTEST_LEARNING_RATE_DECIMALS}}"
    return text
