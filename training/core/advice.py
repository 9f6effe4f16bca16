"""Which of all choices of hardware to take, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from training.core import words
from training.core.alternatives import Choice, cheapest, fastest

NOTICEABLE_HOURS = 5 / 60
"""Nobody pays for less than this."""
NEARLY_AS_FAST = 1.25
"""The recommended choice takes at most so many times the hours of the fastest that is worth its price."""
LEAST_GAIN, LEAST_GAIN_HOURS = 0.1, 1 / 60
"""More GPUs help where they save this share of the time, and this much of it."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What to take of all choices."""

    recommended: Choice | None
    """``None`` where no choice is possible."""
    why: str
    """One sentence with the figures of what was weighed against it."""


def advise(choices: Sequence[Choice]) -> Advice:
    """The least expensive worthwhile choice that takes at most NEARLY_AS_FAST times the fastest worthwhile one's hours.

    Of equals in cost, the faster; then the one with fewer GPUs; then the first. No choice dominates it.

    Args:
        choices: in the catalogue's order.
    """
    worth_it = worthwhile(choices)
    limit = NEARLY_AS_FAST * min((one.hours for one in worth_it), default=0.0)
    fast_enough = [one for one in worth_it if one.hours <= limit]
    best = min(fast_enough, key=lambda one: (one.cost, one.hours, one.count), default=None)
    return Advice(recommended=best, why=_why(best, choices))


def worthwhile(choices: Sequence[Choice]) -> list[Choice]:
    """The cheapest possible choice, and those worth paying more for.

    Against the cheapest, a faster one's cost must grow by no larger a factor than its time falls: twice the price for
    half the time is fair, for nine tenths of it is not. And what it saves must be noticed: where a fixed half an hour
    surrounds seconds of training, dollars would buy minutes. The recommended choice is itself one of these, or it could
    cost more than the cheapest and be as slow.

    Args:
        choices: in any order; the answer keeps it.
    """
    base = cheapest(choices)
    if base is None:
        return []
    return [
        one
        for one in choices
        if one.is_possible
        and (
            (one.cost, one.hours) == (base.cost, base.hours)
            or (one.cost * one.hours <= base.cost * base.hours and base.hours - one.hours >= NOTICEABLE_HOURS)
        )
    ]


def difference(choice: Choice, than: Choice) -> str:
    """ "4 min quicker, for $11.20 more": what taking ``choice`` instead would change."""
    time = words.duration(abs(choice.hours - than.hours))
    quicker = f"{time} {'quicker' if choice.hours < than.hours else 'longer'}"
    more = words.dollars(abs(choice.cost - than.cost))
    for_more = f"for {more} {'more' if choice.cost > than.cost else 'less'}"
    return f"{quicker if _is_time(time) else 'just as quick'}, {for_more if _is_money(more) else 'at the same cost'}"


def more_gpus(choices: Sequence[Choice], gpu: str) -> str:
    """ "More GPUs will not help here: …", where of this type no larger number is noticeably faster; else nothing.

    Args:
        choices: in any order.
        gpu: the name of a GPU type.
    """
    own = sorted((one for one in choices if one.gpu == gpu and one.is_possible), key=lambda one: one.count)
    if len(own) < 2:
        return ""
    few, many = own[0], min(own[1:], key=lambda one: (one.hours, -one.count))
    saved = few.hours - many.hours
    if saved >= LEAST_GAIN_HOURS and saved >= LEAST_GAIN * few.hours:
        return ""
    one_takes, more_take = words.duration(few.hours), words.duration(many.hours)
    more_take = f"{many.count} take as long" if more_take == one_takes else f"{many.count} × {more_take}"
    return f"More GPUs will not help here: {few.name} takes {one_takes}, {more_take}."


def speed_up(choices: Sequence[Choice], gpu: str, count: int) -> float | None:
    """How many times as fast ``count`` of these GPUs are as one; ``None`` where the choices do not say.

    Args:
        choices: in any order, possible or not.
        gpu: the name of a GPU type.
        count: how many of them.
    """
    hours = {one.count: one.hours for one in choices if one.gpu == gpu}
    return hours[1] / hours[count] if 1 in hours and hours.get(count) else None


def _why(best: Choice | None, choices: Sequence[Choice]) -> str:
    lowest, quickest = cheapest(choices), fastest(choices)
    if best is None or lowest is None or quickest is None:
        return "No choice has enough memory for this run."
    if len(choices) > 1 and sum(one.is_possible for one in choices) == 1:
        return "No other choice has enough memory for this run."
    costs_least = best.shown_cost == lowest.shown_cost
    is_quickest = not _is_time(words.duration(best.hours - quickest.hours))
    if costs_least and is_quickest:
        return "No choice costs less or is quicker."
    if costs_least:
        return f"No choice costs less; the fastest, {quickest.name}, would be {difference(quickest, best)}."
    if is_quickest:
        return f"No choice is quicker; the cheapest, {lowest.name}, would take {difference(lowest, best)}."
    saved, more = words.duration(lowest.hours - best.hours), words.dollars(best.cost - lowest.cost)
    return (
        f"{saved} quicker than the cheapest, {lowest.name}, for {more} more; "
        f"the fastest, {quickest.name}, would be {difference(quickest, best)}."
    )


def _is_time(time: str) -> bool:
    return time != words.duration(0)


def _is_money(money: str) -> bool:
    return money != words.dollars(0)
