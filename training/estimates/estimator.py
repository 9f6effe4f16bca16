"""What a run would cost, how long it would take and whether it fits: the one estimate of page, API and job creation."""

from collections.abc import Iterable
from functools import cached_property

from training.core.alternatives import Choice
from training.core.fitting import Card, Fit, Remedy, fit, memory_on, precision_on, remedies
from training.core.forecast import ARCHITECTURE, LIST, Expectation, Forecast, forecast
from training.core.learning import Belief
from training.core.memory import Memory, Setup
from training.estimates.catalogue import Catalogue, catalogue
from training.estimates.expectations import Expectations
from training.estimates.run_settings import RunSettings
from training.models import MAX_GPUS, GpuType


class Worked:
    """What has been worked out for some settings. Threads may share it: each would work out the same."""

    def __init__(self, expectations: Expectations) -> None:
        self.expectations = expectations
        self.setups: dict[int, Setup] = {}
        self.fits: dict[tuple[str, int], Fit] = {}
        self.memories: dict[tuple[int, str], Memory] = {}
        self.cards: dict[str, Card | None] = {}
        self.choices: dict[str, list[Choice]] = {}
        """By the GPU type's name, from 1 GPU on."""


class Estimator:
    """Estimates for one run's settings, each made once, and remembered with the catalogue for equal settings."""

    def __init__(
        self, run: RunSettings, gpu_types: Iterable[GpuType] | None = None, *, known: Catalogue | None = None
    ) -> None:
        """``gpu_types``: those that will be asked about; by default all that are on offer. ``known``: the present
        catalogue, where it has been looked at already, and the GPU types are its own."""
        self.run = run
        self._asked = gpu_types
        self._catalogue = known or catalogue()
        self._worked: Worked = known.shared(run.deciding, self._nothing_worked) if known else self._nothing_worked()
        self._expectations = self._worked.expectations

    def _nothing_worked(self) -> Worked:
        return Worked(Expectations(self.run, self._catalogue))

    @property
    def on_offer(self) -> list[GpuType]:
        """The catalogue's GPU types that new jobs may have."""
        return self._catalogue.gpu_types

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
        dimensions, card = self.run.dimensions, self._card(gpu_type)
        if dimensions is None or card is None:
            return None
        setups, fits = self._worked.setups, self._worked.fits
        setup = setups.get(gpu_count) or setups.setdefault(gpu_count, self.run.setup(gpu_count))
        key = (gpu_type.name, setup.sequences)
        if (found := fits.get(key)) is None:
            memory = self._memory(card, setup)
            found = fits[key] = fit(dimensions, setup, card, factor=self.memory(gpu_type).factor, memory=memory)
        return found

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
        return [choice for gpu_type in self.gpu_types for choice in self._choices(gpu_type)]

    def _choices(self, gpu_type: GpuType) -> list[Choice]:
        known = self._worked.choices
        if (found := known.get(gpu_type.name)) is None:
            found = known[gpu_type.name] = [self._choice(gpu_type, count) for count in range(1, MAX_GPUS + 1)]
        return found

    def _card(self, gpu_type: GpuType) -> Card | None:
        cards = self._worked.cards
        if gpu_type.name not in cards:
            cards[gpu_type.name] = gpu_type.card
        return cards[gpu_type.name]

    def _memory(self, card: Card, setup: Setup) -> Memory | None:
        """The same for all cards that compute in the same precision."""
        key = (setup.sequences, precision_on(card, setup.precision))
        memories = self._worked.memories
        if key not in memories and self.run.dimensions is not None:
            memories[key] = memory_on(card, self.run.dimensions, setup)
        return memories.get(key)

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
