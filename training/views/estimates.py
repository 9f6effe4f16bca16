"""What the configure page shows of a form's values: cost, range, memory, and every other choice of hardware."""

from collections.abc import Mapping
from typing import Any

from datasets.models import Dataset
from training.base_models import is_on_this_host
from training.core.estimate import cents, fixed
from training.core.fitting import Fit
from training.core.memory import GIB
from training.core.probe import PROBE_STEPS, probe_cost
from training.estimating import Estimator, RunSettings
from training.forms import ConfigureForm
from training.models import GpuType
from training.outlook import outlook_data
from training.views.choices import change, choices_context

PARTS = {
    "weights": "Model weights",
    "adapter": "Adapter",
    "gradients": "Gradients",
    "optimizer": "Optimizer",
    "activations": "Activations",
    "logits": "Logits",
    "fragmentation": "Held in reserve by PyTorch",
    "context": "CUDA itself",
}
BAR = (
    ("weights", ("weights",)),
    ("training", ("adapter", "gradients", "optimizer")),
    ("activations", ("activations", "logits")),
    ("rest", ("fragmentation", "context")),
)
"""The bar's segments, and which parts are in each."""


def estimate_context(form: ConfigureForm, dataset: Dataset) -> dict[str, Any]:
    """``estimate`` for the form's values (a fresh form's are its initial ones), or ``estimate_errors``."""
    if form.is_bound and not form.is_valid():
        labels = {name: field.label or name for name, field in form.fields.items()}
        return {
            "estimate": None,
            "estimate_errors": {labels.get(name, ""): list(found) for name, found in form.errors.items()},
        }
    values = form.cleaned_data if form.is_bound else form.initial
    gpu_type, gpu_count = values["gpu_type"], values["gpu_count"]
    estimator = Estimator(_run_settings(form, values, dataset), GpuType.objects.filter(is_active=True))
    forecast, fit = estimator.forecast(gpu_type, gpu_count), estimator.fit(gpu_type, gpu_count)
    data = outlook_data(estimator, gpu_type, gpu_count, within_hours=values.get("within_hours"))
    steps = min(PROBE_STEPS, forecast.estimate.total_steps)
    return {
        "estimate": data,
        "shown_hours": fixed(float(cents(forecast.estimate.duration_hours)), places=1),
        "gpu_type": gpu_type,
        "estimate_errors": {},
        "memory": memory_context(fit) if fit else None,
        "remedies": [
            {"text": remedy.text, "peak": remedy.peak / GIB, "change": change(**remedy.changes)}
            for remedy in (estimator.remedies(gpu_type, gpu_count) if fit and not fit.fits else [])
        ],
        "probe_steps": steps,
        "probe_cost": cents(probe_cost(forecast.estimate, forecast.overhead_seconds, steps)),
        "chosen_model": estimator.run.base_model,
        "model_is_here": is_on_this_host(estimator.run.base_model),
        **choices_context(data["alternatives"], estimator.gpu_types, (gpu_type.name, gpu_count)),
    }


def memory_context(fit: Fit) -> dict[str, Any]:
    """The bar (in percent of the larger of card and peak), and its parts in GiB."""
    parts = fit.parts()
    whole = max(fit.peak, fit.card.capacity)
    segments, at = [], 0.0
    for name, of in BAR:
        width = 100 * sum(parts[part] for part in of) / whole
        segments.append({"name": name, "x": round(at, 2), "width": round(width, 2)})
        at += width
    return {
        "fit": fit,
        "peak": fit.peak / GIB,
        "segments": segments,
        "card_at": round(100 * fit.card.capacity / whole, 2),
        "parts": [(label, parts[name] / GIB) for name, label in PARTS.items()],
    }


def _run_settings(form: ConfigureForm, values: Mapping[str, Any], dataset: Dataset) -> RunSettings:
    return RunSettings(
        dataset=dataset,
        base_model=values["base_model"],
        batch_size=int(values["batch_size"]),
        epochs=int(values["epochs"]),
        rank=int(values["rank"]),
        dropout=float(values["dropout"]),
        options=form.chosen_options(),
        use_list=bool(values.get("use_list")),
    )
