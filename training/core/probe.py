"""A dry run that measures: a few real steps, for the speed and the memory of the whole."""

from training.core.estimate import START_SECONDS, Estimate

PROBE_STEPS = 20


def probe_cost(whole_run: Estimate, overhead_seconds: float, steps: int) -> float:
    """US dollars for starting and ``steps`` steps at the whole run's pace; nothing is stored."""
    training = whole_run.duration_hours * 3600 - overhead_seconds
    starting = min(START_SECONDS, overhead_seconds)
    return whole_run.hourly_rate * (starting + training * steps / whole_run.total_steps) / 3600
