"""An estimate as the API answers it and the page shows it: the specification's keys, and ours beside them."""

from collections.abc import Sequence
from typing import Any

from training.core.alternatives import Choice, cheapest, fastest, undominated
from training.core.estimate import Estimate, cents
from training.core.fitting import Fit, Remedy
from training.core.forecast import Forecast
from training.core.memory import GIB
from training.estimating import Estimator
from training.models import GpuType

ROUND_HOURS = (0.5, 1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72, 96, 168, 336, 720)
PATHS = {"gpu_type": "gpu_config.type"}
SLACK = 1.25
"""Unless somebody names the hours, the first round number that much above the fastest choice."""


def outlook_data(
    estimator: Estimator,
    gpu_type: GpuType,
    gpu_count: int,
    *,
    with_alternatives: bool = True,
    within_hours: float | None = None,
) -> dict[str, Any]:
    """All there is to say of a run on that hardware, and on every other."""
    forecast = estimator.forecast(gpu_type, gpu_count)
    fit = estimator.fit(gpu_type, gpu_count)
    data = estimate_data(forecast.estimate, dataset_name=estimator.run.dataset.name)
    data |= _range_data(forecast)
    data["price"] = price_data(gpu_type)
    remedies = estimator.remedies(gpu_type, gpu_count) if fit and not fit.fits else []
    data["memory"] = memory_data(estimator, gpu_type, gpu_count, fit, remedies) if fit else None
    if with_alternatives:
        data |= alternatives_data(estimator, within_hours)
    return data


def estimate_data(estimate: Estimate, *, dataset_name: str) -> dict[str, Any]:
    """An estimate in the shape and the rounding of the specification's answer."""
    throughput = estimate.tokens_per_second
    return {
        "estimated_cost": float(cents(estimate.total_cost)),
        "cost_breakdown": {
            "compute": float(cents(estimate.compute_cost)),
            "storage": estimate.storage_cost,
        },
        "estimated_duration_hours": float(cents(estimate.duration_hours)),
        "hourly_rate": float(cents(estimate.hourly_rate)),
        "training_details": {
            "total_steps": estimate.total_steps,
            "steps_per_epoch": estimate.steps_per_epoch,
            "estimated_throughput_tokens_per_sec": round(throughput) if throughput >= 1 else round(throughput, 3),
            "dataset_name": dataset_name,
        },
    }


def _range_data(forecast: Forecast) -> dict[str, Any]:
    return {
        "basis": forecast.basis,
        "basis_runs": forecast.runs,
        "low": _bound(forecast.range.low_cost, forecast.range.low_hours),
        "high": _bound(forecast.range.high_cost, forecast.range.high_hours),
    }


def _bound(cost: float, hours: float) -> dict[str, float]:
    return {"estimated_cost": float(cents(cost)), "estimated_duration_hours": float(cents(hours))}


def price_data(gpu_type: GpuType) -> dict[str, Any]:
    return {
        "per_gpu_hour": float(gpu_type.price_per_hour),
        "as_of": gpu_type.price_as_of.isoformat() if gpu_type.price_as_of else None,
        "source": gpu_type.price_source,
    }


def refusal_data(fit: Fit, remedies: Sequence[Remedy]) -> dict[str, Any]:
    """Why a job was not started, and what would let it start."""
    return {
        "peak_gib": _gib(fit.peak),
        "card_gib": fit.card.memory_gib,
        "remedies": [remedy_data(remedy) for remedy in remedies],
        "to_start_all_the_same": {"allow_oom": True},
    }


def memory_data(
    estimator: Estimator, gpu_type: GpuType, gpu_count: int, fit: Fit, remedies: Sequence[Remedy]
) -> dict[str, Any]:
    """GiB on one GPU. Parts are the model's; ``peak_gib`` has what was learned from measured peaks in it."""
    setup, belief = estimator.run.setup(gpu_count), estimator.beliefs(gpu_type).memory
    return {
        "fits": fit.fits,
        "is_tight": fit.is_tight,
        "peak_gib": _gib(fit.peak),
        "card_gib": fit.card.memory_gib,
        "parts_gib": {name: _gib(size) for name, size in fit.parts().items()},
        "basis_runs": belief.runs,
        "micro_batch_size": setup.sequences,
        "sequence_length": setup.sequence_length,
        "sequence_length_is_measured": estimator.run.lengths.is_measured,
        "remedies": [remedy_data(remedy) for remedy in remedies],
    }


def remedy_data(remedy: Remedy) -> dict[str, Any]:
    """``changes``: fields of the request, as dotted paths, with their new values."""
    changes = {PATHS.get(name, name): value for name, value in remedy.changes.items()}
    return {"kind": remedy.kind, "text": remedy.text, "changes": changes, "peak_gib": _gib(remedy.peak)}


def alternatives_data(estimator: Estimator, within_hours: float | None) -> dict[str, Any]:
    """Every choice with its marks, in the catalogue's order."""
    choices = estimator.choices()
    quickest = fastest(choices)
    if within_hours is None:
        within_hours = _round_hours(quickest.hours if quickest else 0)
    marks = {
        "cheapest": cheapest(choices),
        "fastest": quickest,
        "cheapest_within": cheapest(choices, within_hours=within_hours),
    }
    front = undominated(choices)
    prices = {gpu_type.name: float(gpu_type.price_per_hour) for gpu_type in estimator.gpu_types}
    return {
        "within_hours": within_hours,
        "alternatives": [
            _choice_data(choice, prices[choice.gpu], front, [name for name, best in marks.items() if best is choice])
            for choice in choices
        ],
    }


def _choice_data(choice: Choice, price: float, front: set[Choice], marks: list[str]) -> dict[str, Any]:
    return {
        "gpu_config": {"type": choice.gpu, "count": choice.count},
        "estimated_cost": float(cents(choice.cost)),
        "estimated_duration_hours": float(cents(choice.hours)),
        "hourly_rate": float(cents(price * choice.count)),
        "fits": choice.fits,
        "is_dominated": choice not in front,
        "marks": marks,
    }


def _round_hours(hours: float) -> float:
    return next((round_ for round_ in ROUND_HOURS if round_ >= hours * SLACK), float(int(hours * SLACK) + 1))


def _gib(size: float) -> float:
    return round(size / GIB, 2)
