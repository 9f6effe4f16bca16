"""A dry run: a few real steps that measure speed and memory for the whole run."""

from training.core.estimate import START_SECONDS, Estimate

PROBE_STEPS = 20


def probe_cost(whole_run: Estimate, overhead_seconds: float, steps: int) -> float:
    """US dollars for starting and ``steps`` steps at the whole run's pace; nothing is validated, saved or stored.

    Args:
        whole_run: its estimate.
        overhead_seconds: how much of it is not training.
        steps: of the dry run.
    """
    training = whole_run.duration_hours * 3600 - overhead_seconds
    starting = min(START_SECONDS, overhead_seconds)
    return whole_run.hourly_rate * (starting + training * steps / whole_run.total_steps) / 3600
