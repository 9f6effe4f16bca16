"""What a run would cost, how long it would take and whether it fits: the one estimate of page, API and job creation."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from training.core.alternatives import Choice
from training.core.fitting import Fit, Remedy, fit, remedies
from training.core.forecast import Beliefs, Forecast, PastRun, believe, forecast
from training.estimates.past_runs import past_runs
from training.estimates.run_settings import RunSettings
from training.models import MAX_GPUS, GpuType


class Estimator:
    """Estimates for one run's settings, each made once. Measured runs are read once, for all GPU types together."""

    def __init__(self, run: RunSettings, gpu_types: Iterable[GpuType] | None = None) -> None:
        """``gpu_types``: those that will be asked about; by default all that are on offer."""
        self.run = run
        self._asked = gpu_types
        self._dimensions = run.base_model.dimensions
        self._beliefs: dict[str, Beliefs] = {}
        self._forecasts: dict[tuple[str, int], Forecast] = {}
        self._fits: dict[tuple[str, int], Fit] = {}

    @cached_property
    def on_offer(self) -> list[GpuType]:
        """The catalogue's GPU types that new jobs may have."""
        return list(GpuType.objects.filter(is_active=True))

    @cached_property
    def gpu_types(self) -> list[GpuType]:
        """Those that choices are made of."""
        return self.on_offer if self._asked is None else list(self._asked)

    @cached_property
    def _past(self) -> Mapping[str, list[PastRun]]:
        return {} if self.run.use_list else past_runs(self.gpu_types)

    def beliefs(self, gpu_type: GpuType) -> Beliefs:
        """What measured runs say of this one on that GPU type."""
        if gpu_type.name not in self._beliefs:
            self._beliefs[gpu_type.name] = believe(self.run.conditions, self._past.get(gpu_type.name, []))
        return self._beliefs[gpu_type.name]

    def forecast(self, gpu_type: GpuType, gpu_count: int) -> Forecast:
        """Cost and duration, with their range."""
        key = (gpu_type.name, gpu_count)
        if key not in self._forecasts:
            run = self.run
            self._forecasts[key] = forecast(
                run.figures,
                gpu_type.hardware(gpu_count, parameters=run.base_model.parameters),
                batch_size=run.hyperparameters.batch_size,
                epochs=run.hyperparameters.epochs,
                beliefs=self.beliefs(gpu_type),
            )
        return self._forecasts[key]

    def fit(self, gpu_type: GpuType, gpu_count: int) -> Fit | None:
        """Whether it fits; ``None`` where the model's dimensions or the card's memory are not known."""
        if self._dimensions is None or (card := gpu_type.card) is None:
            return None
        setup = self.run.setup(gpu_count)
        key = (gpu_type.name, setup.sequences)
        if key not in self._fits:
            self._fits[key] = fit(self._dimensions, setup, card, factor=self.beliefs(gpu_type).memory.factor)
        return self._fits[key]

    def remedies(self, gpu_type: GpuType, gpu_count: int, *, scale: float = 1.0) -> list[Remedy]:
        """What would make the run fit where it does not, if it needs ``scale`` times what is predicted."""
        if self._dimensions is None or (card := gpu_type.card) is None:
            return []
        others = [other.card for other in self.on_offer if other.card and other.name != gpu_type.name]
        factor = self.beliefs(gpu_type).memory.factor * scale
        return remedies(self._dimensions, self.run.setup(gpu_count), card, others, factor=factor)

    def choices(self) -> list[Choice]:
        """Every GPU type with every count."""
        return [self._choice(gpu_type, count) for gpu_type in self.gpu_types for count in range(1, MAX_GPUS + 1)]

    def _choice(self, gpu_type: GpuType, count: int) -> Choice:
        price = self.forecast(gpu_type, count).estimate
        found = self.fit(gpu_type, count)
        return Choice(
            gpu=gpu_type.name,
            count=count,
            cost=price.total_cost,
            hours=price.duration_hours,
            hourly_rate=price.hourly_rate,
            fits=found.fits if found else None,
        )
