"""A dry run: a few real steps that measure speed and memory for the whole run."""

from training.core.forecast import Forecast

PROBE_STEPS = 20


def probe_cost(whole_run: Forecast, steps: int) -> float:
    """US dollars for starting and ``steps`` steps at the whole run's pace; nothing is validated, saved or stored.

    Args:
        whole_run: its forecast.
        steps: of the dry run.
    """
    price = whole_run.estimate
    training = whole_run.training_seconds * steps / price.total_steps
    return price.hourly_rate * (whole_run.overhead.start + training) / 3600
