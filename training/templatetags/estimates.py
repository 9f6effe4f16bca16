"""Figures of estimates as people read them."""

from collections.abc import Mapping
from decimal import Decimal

from django import template

from training.core import words
from training.core.estimate import cents as to_cents
from training.core.estimate import fixed
from training.core.memory import GIB
from training.web.choices import change
from training.web.error_chart import off_by

register = template.Library()
register.filter(off_by)
register.filter(words.duration)


@register.filter
def percent(share: float | None) -> str:
    """0.034 as "3.4 %"; nothing as a dash."""
    return "–" if share is None else f"{share * 100:.1f} %" if share < 1 else f"{share * 100:.0f} %"


@register.filter
def hours(value: float | None) -> str:
    return seconds(None if value is None else value * words.HOUR)


@register.filter
def seconds(value: float | None) -> str:
    """ "1.98 h", "12.4 min", "46 s": the unit in which the figure is easily read."""
    if value is None:
        return "–"
    if value >= words.HOUR:
        return f"{value / words.HOUR:.2f} h"
    return f"{value / words.MINUTE:.1f} min" if value >= words.MINUTE else f"{value:.0f} s"


@register.filter
def seconds_in_words(value: float) -> str:
    """ "12 s", "1.5 min", "2 h 10 min"."""
    return words.duration(value / words.HOUR)


@register.filter
def cents(value: float) -> Decimal:
    """Money and hours to two places, rounded as the specification does."""
    return to_cents(value)


@register.filter
def tenths(value: float) -> Decimal:
    """Hours to one place, from two."""
    return fixed(float(to_cents(value)), places=1)


@register.filter
def gib(value: float) -> float:
    """Bytes as GiB."""
    return value / GIB


@register.filter
def as_change(fields: Mapping[str, object]) -> str:
    """The value of a button that changes these fields of the form."""
    return change(**fields)
