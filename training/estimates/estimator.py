"""What a run would cost, how long it would take and whether it fits: the one estimate of page, API and job creation."""

from collections.abc import Iterable
from functools import cached_property

from training.core.alternatives import Choice
from training.core.fitting import Fit, Remedy, fit, remedies
from training.core.forecast import ARCHITECTURE, LIST, Expectation, Forecast, forecast
from training.core.learning import Belief
from training.core.memory import Setup
from training.estimates.expectations import Expectations
from training.estimates.run_settings import RunSettings
from training.models import MAX_GPUS, GpuType


class Estimator:
    """Estimates for one run's settings, each made once."""

    def __init__(self, run: RunSettings, gpu_types: Iterable[GpuType] | None = None) -> None:
        """``gpu_types``: those that will be asked about; by default all that are on offer."""
        self.run = run
        self._asked = gpu_types
        self._expectations = Expectations(run, lambda: self.on_offer)
        self._setups: dict[int, Setup] = {}
        self._fits: dict[tuple[str, int], Fit] = {}

    @cached_property
    def on_offer(self) -> list[GpuType]:
        """The catalogue's GPU types that new jobs may have."""
        return list(GpuType.objects.filter(is_active=True))

    @cached_property
    def gpu_types(self) -> list[GpuType]:
        """Those that choices are made of."""
        return self.on_offer if self._asked is None else list(self._asked)

    def memory(self, gpu_type: GpuType) -> Belief:
        """What measured runs say of its peak on that GPU type, whatever basis is asked for: it is no list figure."""
        return self._expectations.beliefs(gpu_type).memory

    def forecast(self, gpu_type: GpuType, gpu_count: int) -> Forecast:
        """Cost and duration on the basis that is asked for, or on the best below it that is known."""
        expected = self._expectations
        found = None
        if self.run.basis not in (LIST, ARCHITECTURE):
            found = expected.measured(gpu_type, gpu_count)
        if found is None and self.run.basis != LIST:
            found = expected.modelled(gpu_type, gpu_count)
        return self._forecast(found or expected.listed(gpu_type, gpu_count))

    def forecasts(self, gpu_type: GpuType, gpu_count: int) -> dict[str, Forecast]:
        """By basis, the best last: the list's, and the others where they are known."""
        asked = self._expectations
        known = (
            asked.listed(gpu_type, gpu_count),
            asked.modelled(gpu_type, gpu_count),
            asked.measured(gpu_type, gpu_count),
        )
        return {expected.basis: self._forecast(expected) for expected in known if expected is not None}

    def fit(self, gpu_type: GpuType, gpu_count: int) -> Fit | None:
        """Whether it fits; ``None`` where the model's dimensions or the card's memory are not known."""
        dimensions, card = self.run.dimensions, gpu_type.card
        if dimensions is None or card is None:
            return None
        setup = self._setups.get(gpu_count) or self._setups.setdefault(gpu_count, self.run.setup(gpu_count))
        key = (gpu_type.name, setup.sequences)
        if key not in self._fits:
            self._fits[key] = fit(dimensions, setup, card, factor=self.memory(gpu_type).factor)
        return self._fits[key]

    def remedies(self, gpu_type: GpuType, gpu_count: int, *, scale: float = 1.0) -> list[Remedy]:
        """What would make the run fit where it does not, if it needs ``scale`` times what is predicted."""
        dimensions, card = self.run.dimensions, gpu_type.card
        if dimensions is None or card is None:
            return []
        others = [other.card for other in self.on_offer if other.card and other.name != gpu_type.name]
        factor = self.memory(gpu_type).factor * scale
        return remedies(dimensions, self.run.setup(gpu_count), card, others, factor=factor)

    def choices(self) -> list[Choice]:
        """Every GPU type with every count."""
        return [self._choice(gpu_type, count) for gpu_type in self.gpu_types for count in range(1, MAX_GPUS + 1)]

    def _forecast(self, expected: Expectation) -> Forecast:
        settings = self.run.hyperparameters
        return forecast(self.run.figures, expected, batch_size=settings.batch_size, epochs=settings.epochs)

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
