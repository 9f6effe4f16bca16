"""Figures as people say them, no more exact than an estimate is."""

from training.core.estimate import cents

MINUTE, HOUR, DAY = 60, 3600, 86400
"""In seconds."""


def duration(hours: float) -> str:
    """ "12 s", "1.5 min", "31 min", "2 h 10 min", "1.5 days".

    Args:
        hours: not negative.
    """
    seconds = round(hours * HOUR)
    minutes = round(seconds / MINUTE)
    if seconds < MINUTE:
        return f"{seconds} s"
    if minutes < HOUR // MINUTE:
        return f"{amount(seconds / MINUTE)} min"
    if minutes < DAY // MINUTE:
        whole, rest = divmod(minutes, HOUR // MINUTE)
        return f"{whole} h {rest} min" if rest else f"{whole} h"
    days = amount(seconds / DAY)
    return f"{days} day" if days == "1" else f"{days} days"


def dollars(value: float) -> str:
    """To the cent: "$1,234.50"."""
    return f"${cents(value):,.2f}"


def amount(value: float) -> str:
    """To two significant digits, more where the number has them: 0.35, 1.5, 40, 12,000."""
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.2g}"
