"""What the configure page shows of a form's values: data, cost, range, memory, and every other choice of hardware."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS

from datasets.models import Dataset
from training.estimates.estimator import Estimator
from training.estimates.quote import Quote, quote
from training.estimates.run_settings import RunSettings
from training.jobs.base_models import CannotBeLoaded, alive, require_loadable, whereabouts
from training.models import BaseModel, GpuType
from training.web.choices import choices_of
from training.web.data_fits import CheckedData, checked_data
from training.web.forms.base_models import note
from training.web.forms.configure import ConfigureForm
from training.web.memory_bar import memory_bar
from training.web.speed_up import speed_up_in_words


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is in the way of an estimate; ``name`` is the field's, ``element`` its id in the page, if it has one."""

    label: str
    text: str
    name: str = ""
    element: str = ""


def estimate_context(form: ConfigureForm, dataset: Dataset) -> dict[str, Any]:
    """``quote`` for the form's values (a fresh form's are its initial ones), or ``problems``."""
    if problems := _problems(form):
        return {"quote": None, "problems": problems}
    run = _run(form, dataset)
    checked = checked_data(run)  # before the quote, whose figures come from it
    found = _quote(form, run)
    return {
        "data": checked,
        "quote": found,
        "preset": form.chosen_preset(),
        "memory": memory_bar(found.fit) if found.fit else None,
        "speed_up": speed_up_in_words(found),
        "choices": choices_of(found.alternatives, (found.gpu_type.name, found.gpu_count)),
        **_loading(run.base_model, found.gpu_type),
    }


def open_check(form: ConfigureForm, dataset: Dataset) -> CheckedData | None:
    """The check of the form's data set for its base model, while its result is still to come."""
    checked = checked_data(_run(form, dataset)) if form.is_valid() else None
    return checked if checked and checked.fit.is_open else None


def _problems(form: ConfigureForm) -> list[Problem]:
    """What is wrong with fields; a job that was refused for another reason has an estimate all the same."""
    return [
        Problem(label=str(form[name].label), text=" ".join(map(str, found)), name=name, element=form[name].id_for_label)
        for name, found in form.errors.items()
        if name != NON_FIELD_ERRORS
    ]


def _run(form: ConfigureForm, dataset: Dataset) -> RunSettings:
    return RunSettings(
        dataset=dataset,
        base_model=form.chosen()["base_model"],
        hyperparameters=form.chosen_hyperparameters(),
        options=form.chosen_options(),
        too_long=form.chosen_too_long(),
        basis=form.chosen_basis(),
    )


def _quote(form: ConfigureForm, run: RunSettings) -> Quote:
    chosen = form.chosen()
    estimator = Estimator(run, known=form.known)
    return quote(estimator, chosen["gpu_type"], chosen["gpu_count"], within_hours=chosen.get("within_hours"))


def _loading(model: BaseModel, gpu_type: GpuType) -> dict[str, str]:
    """Whether the base model has to be fetched, or cannot be: then no job is started with it."""
    workers = alive()
    try:
        require_loadable(model, gpu_type, workers)
    except CannotBeLoaded as error:
        return {"cannot_be_loaded": str(error)}
    return {"model_note": note(model, whereabouts([model], workers)[model.pk])}
