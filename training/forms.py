"""The configure page's form. Sliders and their ranges are built from the core's LIMITS."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from django import forms
from django.forms.models import ModelChoiceIterator

from training.core import budget
from training.core.hyperparameters import LIMITS, Hyperparameters, Limit, number
from training.core.options import (
    AUTO,
    LARGEST_MICRO_BATCH,
    NO_QUANTIZATION,
    PRECISIONS,
    QUANTIZATIONS,
    RunOptions,
)
from training.core.presets import DEFAULT, IDS, PRESETS, matching
from training.models import MAX_GPUS, BaseModel, GpuType, TrainingJob

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


class ModelsByFamily(ModelChoiceIterator):
    """The base models in groups, the default's first."""

    def __iter__(self) -> Iterator[Any]:
        families: dict[str, list[Any]] = {}
        for model in self.queryset:
            families.setdefault(model.family or "Others", []).append(self.choice(model))
        yield from families.items()


class BaseModelField(forms.ModelChoiceField):
    iterator = ModelsByFamily


class OptionsForm(forms.Form):
    """How the GPUs' memory is used."""

    micro_batch_size = forms.IntegerField(
        label="Micro-batch size",
        help_text="Conversations a GPU takes at once; the batch size stays, gradients are added up",
        required=False,
        min_value=1,
        max_value=LARGEST_MICRO_BATCH,
        widget=forms.NumberInput(attrs={"placeholder": "Automatic", "inputmode": "numeric"}),
    )
    quantization = forms.ChoiceField(
        label="Model weights in",
        help_text="QLoRA needs a third of the memory for weights, and some more time",
        required=False,
        choices=list(QUANTIZATIONS.items()),
    )
    precision = forms.ChoiceField(
        label="Precision",
        help_text="Automatic is bf16 where the GPU has it, else fp16, which can overflow",
        required=False,
        choices=list(PRECISIONS.items()),
    )
    gradient_checkpointing = forms.BooleanField(
        label="Gradient checkpointing",
        help_text="Computes activations again instead of keeping them: far less memory, a third to a half slower",
        required=False,
    )

    def chosen_options(self) -> RunOptions:
        """Of a bound form, what was sent; of a fresh one, what it shows."""
        chosen = self.cleaned_data if self.is_bound else self.initial
        return RunOptions(
            micro_batch_size=chosen.get("micro_batch_size"),
            gradient_checkpointing=bool(chosen.get("gradient_checkpointing")),
            quantization=chosen.get("quantization") or NO_QUANTIZATION,
            precision=chosen.get("precision") or AUTO,
        )


class ConfigureForm(OptionsForm):
    dataset_id = forms.UUIDField(widget=forms.HiddenInput)
    base_model = BaseModelField(BaseModel.objects.filter(is_active=True), empty_label=None)
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
    use_list = forms.BooleanField(label="Use list figures", required=False)
    within_hours = forms.FloatField(label="hours", required=False, min_value=0.01, max_value=10**6)
    allow_oom = forms.BooleanField(label="Start all the same", required=False)
    idempotency_key = forms.CharField(required=False, max_length=255, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for limit in LIMITS.values():
            self.fields[limit.name] = slider_field(limit)
        self.fields["max_cost"] = budget_field()

    @classmethod
    def initial_values(cls, like: TrainingJob | None = None) -> dict[str, Any]:
        """The page as it first appears: the Balanced preset on two of the default GPUs, or as that job was made."""
        gpus = GpuType.objects.filter(is_active=True).order_by("-is_default", "position")
        values = {
            "preset_id": DEFAULT,
            "gpu_type": gpus.first(),
            "gpu_count": DEFAULT_GPU_COUNT,
            "idempotency_key": uuid.uuid4(),
            "base_model": BaseModel.objects.filter(is_active=True).first(),
        }
        hyperparameters = PRESETS[DEFAULT].hyperparameters.to_dict()
        if like is not None:
            hyperparameters = like.hyperparameters
            values |= like.plan.options.to_dict() | {
                "preset_id": like.preset_id,
                "gpu_type": gpus.filter(name=like.gpu_config["type"]).first() or values["gpu_type"],
                "gpu_count": like.gpu_config["count"],
                "base_model": like.base_model,
            }
        return values | {name: shown(name, value) for name, value in hyperparameters.items()}

    def renewed(self) -> "ConfigureForm":
        """The same choice under a key of its own: sent again, it is another job."""
        return self.changed(f"idempotency_key={uuid.uuid4()}")

    def changed(self, changes: str) -> "ConfigureForm":
        """The same choice with other values for some fields, given as a query string: what the page's buttons say."""
        values = {name: self.data[name] for name in self.data}
        return ConfigureForm(values | {name: value for name, value in parse_qsl(changes) if name in self.fields})

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
