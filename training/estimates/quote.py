"""All there is to say of a run before it starts: one typed result, which the page, the API and job creation read."""

from dataclasses import dataclass
from decimal import Decimal

from training.core.alternatives import Alternatives, compare
from training.core.estimate import Estimate, cents
from training.core.fitting import Fit, Remedy
from training.core.forecast import Forecast
from training.core.memory import Setup
from training.core.notices import Notice, notices_for
from training.core.probe import PROBE_STEPS, probe_cost
from training.estimates.estimator import Estimator
from training.estimates.run_settings import RunSettings
from training.models import GpuType


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A run on the hardware that was chosen, and on every other."""

    run: RunSettings
    gpu_type: GpuType
    gpu_count: int
    forecast: Forecast
    """On the basis that was asked for."""
    forecasts: dict[str, Forecast]
    """By basis, the best last: the list's, and the others where they are known."""
    setup: Setup
    """One GPU's share of the step that needs the most memory."""
    fit: Fit | None
    """``None`` where the model's dimensions or the card's memory are not known."""
    memory_runs: int
    """Measured peaks that went into ``fit``."""
    remedies: list[Remedy]
    """What would make it fit; nothing where it does."""
    alternatives: Alternatives
    """Every choice of hardware; none where they were not asked for."""

    @property
    def price(self) -> Estimate:
        """The most likely cost and duration, unrounded."""
        return self.forecast.estimate

    @property
    def probe_steps(self) -> int:
        """Steps of a dry run."""
        return min(PROBE_STEPS, self.price.total_steps)

    @property
    def probe_cost(self) -> Decimal:
        """US dollars for a dry run."""
        return cents(probe_cost(self.forecast, self.probe_steps))

    @property
    def notices(self) -> list[Notice]:
        """What is worth knowing of its batch size."""
        return notices_for(
            batch_size=self.run.hyperparameters.batch_size, gpu_count=self.gpu_count, pairs=self.run.figures.pairs
        )


def quote(
    estimator: Estimator,
    gpu_type: GpuType,
    gpu_count: int,
    *,
    with_alternatives: bool = True,
    within_hours: float | None = None,
) -> Quote:
    """The quote for one choice of hardware.

    Args:
        estimator: for the run's settings.
        gpu_type: the chosen GPU type.
        gpu_count: how many of them.
        with_alternatives: whether every other choice is priced as well.
        within_hours: the longest that the run may take, for the cheapest choice that is fast enough.
    """
    fit = estimator.fit(gpu_type, gpu_count)
    return Quote(
        run=estimator.run,
        gpu_type=gpu_type,
        gpu_count=gpu_count,
        forecast=estimator.forecast(gpu_type, gpu_count),
        forecasts=estimator.forecasts(gpu_type, gpu_count),
        setup=estimator.run.setup(gpu_count),
        fit=fit,
        memory_runs=estimator.memory(gpu_type).runs,
        remedies=estimator.remedies(gpu_type, gpu_count) if fit and not fit.fits else [],
        alternatives=compare(estimator.choices() if with_alternatives else [], within_hours=within_hours),
    )
