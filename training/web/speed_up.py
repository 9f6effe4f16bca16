"""What more GPUs do to the time: the specification's line, and the figure where that is not true."""

from training.core import words
from training.core.advice import speed_up
from training.core.throughput import scaling
from training.estimates.quote import Quote

NEARLY = 0.15
"""The line is true where the speed-up is off by no more than this share."""
NOTABLE_OVERHEAD = 0.15
"""Of the run's time."""


def speed_up_in_words(quote: Quote) -> str:
    """Nothing for one GPU."""
    count = quote.gpu_count
    if count == 1:
        return ""
    line = f"Training will be {count}x faster (approximately)."
    times = speed_up(quote.alternatives.choices, quote.gpu_type.name, count)
    if times is None or abs(times / count - 1) <= NEARLY:
        return line
    return f"{line} Here: {times:.2f} times, since {_reason(quote, times)}."


def _reason(quote: Quote, times: float) -> str:
    forecast = quote.forecast
    hours, around = forecast.estimate.duration_hours, forecast.overhead_seconds / words.HOUR
    if around >= NOTABLE_OVERHEAD * hours:
        return f"start, evaluation and saving take {words.duration(around)} of {words.duration(hours)}"
    if quote.run.hyperparameters.batch_size < quote.gpu_count:
        return "a batch has fewer pairs than there are GPUs"
    if times < (1 - NEARLY) * quote.gpu_count * scaling(quote.gpu_count):
        return "a step holds too little to keep them all busy"
    return "GPUs that train together wait for each other"
