"""The configure page's form. Sliders and their ranges are built from the core's LIMITS."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from django import forms
from django.utils.text import capfirst

from datasets.models import Dataset
from training.core.hyperparameters import LIMITS, Hyperparameters
from training.core.presets import DEFAULT, IDS, PRESETS, matching
from training.jobs.start import JobRequest
from training.models import MAX_GPUS, TOO_LONG, BaseModel, GpuType, TrainingJob
from training.trainer.windows import SPLIT
from training.web.forms.fields import (
    TOO_LONG_HELP,
    BaseModelField,
    Slider,
    budget_field,
    shown,
    slider_field,
    too_long_field,
)
from training.web.forms.options import OptionsForm

DEFAULT_GPU_COUNT = 2


class ConfigureForm(OptionsForm):
    """What is to be run, and on what."""

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
    allow_dropped_rows = forms.BooleanField(label="Train without them", required=False)
    too_long = too_long_field()
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
            hyperparameters = like.settings.to_dict()
            values |= like.plan.options.to_dict() | {
                "preset_id": like.preset_id,
                "gpu_type": gpus.filter(name=like.gpu_config["type"]).first() or values["gpu_type"],
                "gpu_count": like.gpu_config["count"],
                "base_model": like.base_model,
                "too_long": like.plan.too_long,
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

    @property
    def too_long_help(self) -> Iterator[tuple[str, str]]:
        """Each choice for longer conversations, with what it means."""
        return ((capfirst(TOO_LONG[choice]), text) for choice, text in TOO_LONG_HELP.items())

    def chosen_too_long(self) -> str:
        """What becomes of conversations longer than the longest sequence."""
        return self.chosen().get("too_long") or SPLIT

    def chosen_hyperparameters(self) -> Hyperparameters:
        """The sliders' values."""
        chosen = self.chosen()
        return Hyperparameters.from_mapping({name: float(chosen[name]) for name in LIMITS})

    def chosen_preset(self) -> str:
        """The preset that the values are, whatever radio was sent: a slider leaves it behind."""
        return matching(self.chosen_hyperparameters())

    def job_request(self, dataset: Dataset, *, probe: bool) -> JobRequest:
        """What a valid form asks for."""
        chosen = self.cleaned_data
        return JobRequest(
            dataset=dataset,
            preset_id=self.chosen_preset(),
            gpu_type=chosen["gpu_type"],
            gpu_count=chosen["gpu_count"],
            hyperparameters=self.chosen_hyperparameters(),
            base_model=chosen["base_model"],
            quoted_cost=chosen["quoted_cost"],
            max_cost=chosen["max_cost"],
            options=self.chosen_options(),
            use_list=chosen["use_list"],
            too_long=self.chosen_too_long(),
            allow_dropped_rows=chosen["allow_dropped_rows"],
            allow_oom=chosen["allow_oom"],
            probe=probe,
        )
