"""A quote as the JSON API answers it: the specification's keys, and ours beside them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from training.core.advice import advise
from training.core.alternatives import Alternatives, Choice
from training.core.estimate import Estimate, cents
from training.core.fitting import Fit, Remedy
from training.core.forecast import BASES, Forecast
from training.core.memory import GIB
from training.estimates.quote import Quote
from training.models import GpuType
from training.web.data_fits import CheckedData, fit_data

PATHS = {"gpu_type": "gpu_config.type"}
"""Fields of the form that have another place in the API's request."""


def quote_data(quote: Quote, checked: CheckedData | None) -> dict[str, Any]:
    """All of a quote, and of the check of its data."""
    name = quote.run.dataset.name
    data = estimate_data(quote.price, dataset_name=name) | _range_data(quote.forecast)
    data["estimates"] = {
        basis: _forecast_data(quote.forecasts[basis], name) if basis in quote.forecasts else None for basis in BASES
    }
    data["price"] = _price_data(quote.gpu_type)
    data["memory"] = _memory_data(quote, quote.fit) if quote.fit else None
    data["data"] = fit_data(checked) if checked else None
    data["notices"] = [asdict(notice) for notice in quote.notices]
    if quote.alternatives.choices:
        data |= _alternatives_data(quote.alternatives)
    return data


def estimate_data(estimate: Estimate, *, dataset_name: str) -> dict[str, Any]:
    """An estimate in the shape and the rounding of the specification's answer."""
    return {
        "estimated_cost": _cents(estimate.total_cost),
        "cost_breakdown": {
            "compute": _cents(estimate.compute_cost),
            "storage": estimate.storage_cost,
        },
        "estimated_duration_hours": _cents(estimate.duration_hours),
        "hourly_rate": _cents(estimate.hourly_rate),
        "training_details": {
            "total_steps": estimate.total_steps,
            "steps_per_epoch": estimate.steps_per_epoch,
            "estimated_throughput_tokens_per_sec": estimate.shown_throughput,
            "dataset_name": dataset_name,
        },
    }


def _forecast_data(forecast: Forecast, dataset_name: str) -> dict[str, Any]:
    return estimate_data(forecast.estimate, dataset_name=dataset_name) | _range_data(forecast)


def refusal_data(fit: Fit, remedies: Sequence[Remedy]) -> dict[str, Any]:
    """Why a job was not started, and what would let it start."""
    return {
        "peak_gib": _gib(fit.peak),
        "card_gib": fit.card.memory_gib,
        "remedies": [_remedy_data(remedy) for remedy in remedies],
        "to_start_all_the_same": {"allow_oom": True},
    }


def _range_data(forecast: Forecast) -> dict[str, Any]:
    found = forecast.range
    return {
        "basis": forecast.basis,
        "basis_runs": forecast.runs,
        "basis_runs_on_this_gpu": forecast.runs_here,
        "training_seconds": _tenths(forecast.training_seconds),
        "overhead_seconds": {
            "start": _tenths(forecast.overhead.start),
            "evaluation_per_epoch": _tenths(forecast.overhead.validation),
            "saving": _tenths(forecast.overhead.save),
            "total": _tenths(forecast.overhead_seconds),
        },
        "low": {
            "estimated_cost": _cents(found.low_cost),
            "estimated_duration_hours": _cents(found.low_hours),
        },
        "high": {
            "estimated_cost": _cents(found.high_cost),
            "estimated_duration_hours": _cents(found.high_hours),
        },
    }


def _price_data(gpu_type: GpuType) -> dict[str, Any]:
    return {
        "per_gpu_hour": float(gpu_type.price_per_hour),
        "as_of": gpu_type.price_as_of.isoformat() if gpu_type.price_as_of else None,
        "source": gpu_type.price_source,
    }


def _memory_data(quote: Quote, fit: Fit) -> dict[str, Any]:
    """GiB on one GPU. Parts are the model's; ``peak_gib`` has what was learned from measured peaks in it."""
    return {
        "fits": fit.fits,
        "is_tight": fit.is_tight,
        "peak_gib": _gib(fit.peak),
        "card_gib": fit.card.memory_gib,
        "parts_gib": {name: _gib(size) for name, size in fit.parts().items()},
        "basis_runs": quote.memory_runs,
        "micro_batch_size": quote.setup.sequences,
        "sequence_length": quote.setup.sequence_length,
        "sequence_length_is_measured": quote.run.lengths.is_measured,
        "remedies": [_remedy_data(remedy) for remedy in quote.remedies],
    }


def _remedy_data(remedy: Remedy) -> dict[str, Any]:
    """``changes``: fields of the request, as dotted paths, with their new values."""
    changes = {PATHS.get(name, name): value for name, value in remedy.changes.items()}
    return {"kind": remedy.kind, "text": remedy.text, "changes": changes, "peak_gib": _gib(remedy.peak)}


def _alternatives_data(alternatives: Alternatives) -> dict[str, Any]:
    advice = advise(alternatives.choices)
    best = advice.recommended
    return {
        "recommended": {"gpu_config": _gpu_config(best), "reason": advice.why} if best else None,
        "within_hours": alternatives.within_hours,
        "alternatives": [_choice_data(choice, alternatives) for choice in alternatives.choices],
    }


def _choice_data(choice: Choice, alternatives: Alternatives) -> dict[str, Any]:
    return {
        "gpu_config": _gpu_config(choice),
        "estimated_cost": float(choice.shown_cost),
        "estimated_duration_hours": float(choice.shown_hours),
        "hourly_rate": float(choice.shown_rate),
        "fits": choice.fits,
        "is_dominated": alternatives.is_dominated(choice),
        "marks": alternatives.marks(choice),
    }


def _gpu_config(choice: Choice) -> dict[str, Any]:
    return {"type": choice.gpu, "count": choice.count}


def _cents(amount: float) -> float:
    return float(cents(amount))


def _tenths(seconds: float) -> float:
    return round(seconds, 1)


def _gib(size: float) -> float:
    return round(size / GIB, 2)
