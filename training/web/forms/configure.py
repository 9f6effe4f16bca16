"""The configure page's form. Sliders and their ranges are built from the core's LIMITS."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.utils.text import capfirst

from datasets.models import Dataset
from training.core.forecast import BEST, LIST
from training.core.hyperparameters import LIMITS, Hyperparameters
from training.core.options import DEFAULT_OPTIONS
from training.core.presets import DEFAULT, IDS, PRESETS, matching
from training.estimates.catalogue import Catalogue, catalogue
from training.jobs.start import JobRequest
from training.models import MAX_GPUS, TOO_LONG, BaseModel, GpuType, RunPlan, TrainingJob
from training.trainer.windows import SPLIT
from training.web.forms.base_models import BaseModelField, CatalogueField
from training.web.forms.fields import TOO_LONG_HELP, Slider, as_sent, budget_field, shown, slider_field, too_long_field
from training.web.forms.labels import LabelsForm
from training.web.forms.options import OptionsForm
from training.web.forms.setting import not_taken

DEFAULT_GPU_COUNT = 2
MAIN = ("learning_rate", "batch_size", "epochs", "rank")
"""The hyperparameters that the specification's page has."""
OF_ONE_VISIT = frozenset(
    {"dataset_id", "preset_id", "quoted_cost", "idempotency_key", "allow_oom", "allow_dropped_rows", "note"}
)
"""Fields that no address fills in, a note because it is long: the others are settings."""
GPUS = f"Must be between 1 and {MAX_GPUS}."
HOURS = "Must be at least 0.01 hours."


def settings_of(job: TrainingJob) -> dict[str, Any]:
    """A job's settings by the form's fields; those that are rows by the keys that the form knows them by."""
    plan: RunPlan | None = getattr(job, "plan", None)
    return {
        **job.settings.to_dict(),
        **(plan.options if plan else DEFAULT_OPTIONS).to_dict(),
        "too_long": plan.too_long if plan else SPLIT,
        "gpu_type": job.gpu_config["type"],
        "gpu_count": job.gpu_config["count"],
        "base_model": job.base_model_id,
        "max_cost": job.max_cost,
        "name": job.name,
        "tags": job.tags,
    }


def address_of(job: TrainingJob) -> str:
    """The query string of the page with everything set as in that job; what is no longer on offer, the page says."""
    form = ConfigureForm()
    sent = {name: as_sent(form.fields[name].prepare_value(value)) for name, value in settings_of(job).items()}
    usual = form.first_settings
    changed = {name: value for name, value in sent.items() if value != usual[name]}
    return urlencode({"datasetId": job.dataset_id} | changed)


class ConfigureForm(LabelsForm, OptionsForm):
    """What is to be run, and on what."""

    dataset_id = forms.UUIDField(widget=forms.HiddenInput)
    base_model = BaseModelField(BaseModel.objects.filter(is_active=True), empty_label=None)
    preset_id = forms.ChoiceField(choices=[(id_, id_) for id_ in IDS], widget=forms.RadioSelect)
    gpu_type = CatalogueField(
        GpuType.objects.filter(is_active=True),
        label="GPU type",
        to_field_name="name",
        widget=forms.RadioSelect,
        empty_label=None,
    )
    gpu_count = forms.IntegerField(
        label="Number of GPUs",
        min_value=1,
        max_value=MAX_GPUS,
        error_messages={"min_value": GPUS, "max_value": GPUS},
        widget=Slider(attrs={"min": 1, "max": MAX_GPUS, "step": 1}),
    )
    quoted_cost = forms.DecimalField(required=False, max_digits=20, decimal_places=2, widget=forms.HiddenInput)
    use_list = forms.BooleanField(label="Use list figures", required=False)
    within_hours = forms.FloatField(
        label="Cheapest under",
        required=False,
        min_value=0.01,
        max_value=10**6,
        error_messages={"min_value": HOURS},
        widget=forms.NumberInput(attrs={"placeholder": "auto", "step": "any", "inputmode": "decimal"}),
    )
    allow_oom = forms.BooleanField(label="Start anyway", required=False)
    allow_dropped_rows = forms.BooleanField(label="Train without them", required=False)
    too_long = too_long_field()
    idempotency_key = forms.CharField(required=False, max_length=255, widget=forms.HiddenInput)

    def __init__(self, *args: Any, known: Catalogue | None = None, **kwargs: Any) -> None:
        """``known``: the present catalogue, where it has been looked at already."""
        super().__init__(*args, **kwargs)
        self.known = known or catalogue()
        cast(CatalogueField, self.fields["gpu_type"]).rows = self.known.gpu_types_by_name
        cast(CatalogueField, self.fields["base_model"]).rows = {str(one.pk): one for one in self.known.base_models}
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
            "too_long": SPLIT,
            **DEFAULT_OPTIONS.to_dict(),
            **PRESETS[DEFAULT].hyperparameters.to_dict(),
        }
        if like is not None:
            values |= {**settings_of(like), "preset_id": like.preset_id, "base_model": like.base_model}
            values["gpu_type"] = gpus.filter(name=like.gpu_config["type"]).first() or gpus.first()
        return values

    @classmethod
    def opened(cls, dataset: Dataset, address: Mapping[str, str], like: TrainingJob | None = None) -> "ConfigureForm":
        """The page with the settings of its address; what is no value for a field is said there, and left out."""
        first = cls.initial_values(like) | {"dataset_id": dataset.pk}
        sent = cls(address)
        sent.full_clean()
        given = [name for name in sent.settings if name in address]
        form = cls(initial=first | {name: sent.cleaned_data[name] for name in given if name in sent.cleaned_data})
        form.initial["preset_id"] = form.chosen_preset()
        form.set_aside = {name: not_taken(address[name], sent.errors[name]) for name in given if name in sent.errors}
        return form

    @property
    def settings(self) -> list[str]:
        """The fields that an address can fill in."""
        return [name for name in self.fields if name not in OF_ONE_VISIT]

    @property
    def first_settings(self) -> dict[str, str]:
        """The settings of a page whose address names none, as a browser sends them; an unticked box as nothing."""
        fresh = ConfigureForm(initial=self.initial_values())
        return {name: as_sent(fresh.fields[name].prepare_value(fresh[name].value())) for name in self.settings}

    def renewed(self) -> "ConfigureForm":
        """The same choice under a key of its own: sent again, it is another job."""
        return self.changed(f"idempotency_key={uuid.uuid4()}")

    def changed(self, changes: str) -> "ConfigureForm":
        """The same choice with other values for some fields, given as a query string: what the page's buttons say."""
        values = {name: self.data[name] for name in self.data}
        return ConfigureForm(values | {name: value for name, value in parse_qsl(changes) if name in self.fields})

    @property
    def hyperparameters(self) -> list[dict[str, Any]]:
        """Each slider with its limit and the value as text."""
        return self._sliders(LIMITS)

    @property
    def main_hyperparameters(self) -> list[dict[str, Any]]:
        """Those that are always in view."""
        return self._sliders(MAIN)

    @property
    def more_hyperparameters(self) -> list[dict[str, Any]]:
        """Those that are folded away."""
        return self._sliders(name for name in LIMITS if name not in MAIN)

    @property
    def shows_more(self) -> bool:
        """What is folded away is not as usual."""
        folded = [name for name in (*LIMITS, "too_long") if name not in MAIN]
        return self["too_long"].value() != SPLIT or self.is_wrong_at(*folded)

    def _sliders(self, names: Iterable[str]) -> list[dict[str, Any]]:
        return [
            {"field": self[name], "limit": LIMITS[name], "value": shown(name, self[name].value())} for name in names
        ]

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

    def chosen_basis(self) -> str:
        """What the estimate is to rest on."""
        return LIST if self.chosen().get("use_list") else BEST

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
            basis=self.chosen_basis(),
            too_long=self.chosen_too_long(),
            allow_dropped_rows=chosen["allow_dropped_rows"],
            allow_oom=chosen["allow_oom"],
            probe=probe,
            **self.labels,
        )
