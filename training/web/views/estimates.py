"""What the configure page shows of a form's values: data, cost, range, memory, and every other choice of hardware."""

import hashlib
from typing import Any

from django.core.cache import cache

from datasets.models import Dataset
from pipeline.base_models import Place
from training.estimates.estimator import Estimator
from training.estimates.quote import Quote, quote
from training.estimates.run_settings import RunSettings
from training.web.choices import choices_of
from training.web.data_fits import CheckedData, checked_data
from training.web.forms.configure import ConfigureForm
from training.web.memory_bar import memory_bar

LOOKED_UP_SECONDS = 60
"""For so long it is remembered whether this host has a base model: a slider's move asks no disk."""


def estimate_context(form: ConfigureForm, dataset: Dataset) -> dict[str, Any]:
    """``quote`` for the form's values (a fresh form's are its initial ones), or ``estimate_errors``."""
    if form.is_bound and not form.is_valid():
        labels = {name: field.label or name for name, field in form.fields.items()}
        errors = {labels.get(name, ""): list(found) for name, found in form.errors.items()}
        return {"quote": None, "estimate_errors": errors}
    run = _run(form, dataset)
    checked = checked_data(run)  # before the quote, whose figures come from it
    found = _quote(form, run)
    return {
        "data": checked,
        "quote": found,
        "preset": form.chosen_preset(),
        "estimate_errors": {},
        "memory": memory_bar(found.fit) if found.fit else None,
        "model_is_here": _is_here(found.run.base_model.place),
        "choices": choices_of(found.alternatives, (found.gpu_type.name, found.gpu_count)),
    }


def open_check(form: ConfigureForm, dataset: Dataset) -> CheckedData | None:
    """The check of the form's data set for its base model, while its result is still to come."""
    checked = checked_data(_run(form, dataset)) if form.is_valid() else None
    return checked if checked and checked.fit.is_open else None


def _run(form: ConfigureForm, dataset: Dataset) -> RunSettings:
    chosen = form.chosen()
    return RunSettings(
        dataset=dataset,
        base_model=chosen["base_model"],
        hyperparameters=form.chosen_hyperparameters(),
        options=form.chosen_options(),
        too_long=form.chosen_too_long(),
        use_list=bool(chosen.get("use_list")),
    )


def _quote(form: ConfigureForm, run: RunSettings) -> Quote:
    chosen = form.chosen()
    return quote(Estimator(run), chosen["gpu_type"], chosen["gpu_count"], within_hours=chosen.get("within_hours"))


def _is_here(place: Place) -> bool:
    key = hashlib.sha256(repr(place).encode()).hexdigest()
    return bool(cache.get_or_set(f"base-model-here-{key}", lambda: place.is_here, LOOKED_UP_SECONDS))
