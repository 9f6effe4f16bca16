"""How much a user may have: stored bytes, data sets, API tokens, waiting jobs.

Apps say how much there is of what they keep (``measure``), and ask before they make more (``require``).
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.template.defaultfilters import filesizeformat

from pipeline.accounts.models import ApiToken, Quota

STORED_BYTES, DATASETS, TOKENS, WAITING_JOBS = "stored_bytes", "datasets", "tokens", "waiting_jobs"
WORDS = {
    STORED_BYTES: ("Storage", "Delete data sets that you no longer need"),
    DATASETS: ("Data sets", "Delete some that you no longer need"),
    TOKENS: ("API tokens", "Revoke some that you no longer use"),
    WAITING_JOBS: ("Waiting jobs", "Wait for some to start, or cancel them"),
}
"""What each is called, and what makes room."""

Measure = Callable[[AbstractBaseUser], int]
_measures: dict[str, list[Measure]] = {name: [] for name in WORDS}


class QuotaExceeded(Exception):
    """The user would have more than they may; the message says what to do."""

    def __init__(self, found: "Usage", more: int) -> None:
        self.name = found.name
        limit, used = found.shown(found.limit or 0), found.shown(found.used)
        wanted = f", and {found.shown(more)} more are wanted" if found.name == STORED_BYTES else ""
        super().__init__(
            f"{found.label}: your limit is {limit}; you have {used}{wanted}. {WORDS[found.name][1]}, or ask an "
            "administrator for more."
        )


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How much there is of one thing, and how much there may be (``None``: no limit)."""

    name: str
    used: int
    limit: int | None

    @property
    def label(self) -> str:
        """What it is called."""
        return WORDS[self.name][0]

    @property
    def in_words(self) -> str:
        """3 of 20."""
        limit = "no limit" if self.limit is None else self.shown(self.limit)
        return f"{self.shown(self.used)}, {limit}" if self.limit is None else f"{self.shown(self.used)} of {limit}"

    def shown(self, amount: int) -> str:
        """With its unit."""
        return filesizeformat(amount) if self.name == STORED_BYTES else f"{amount:,}"


def measure(name: str) -> Callable[[Measure], Measure]:
    """Register a function that says how much of it a user has; several are added up."""

    def register(function: Measure) -> Measure:
        _measures[name].append(function)
        return function

    return register


def usage(user: AbstractBaseUser) -> list[Usage]:
    """Of everything that is limited."""
    quota = Quota.objects.filter(pk=user.pk).first()
    return [_usage(name, user, quota) for name in WORDS]


def require(user: AbstractBaseUser, **wanted: int) -> None:
    """Let pass what is within the user's limits. In the transaction that then makes it: the user's row is locked.

    Args:
        user: who wants it.
        wanted: how much more of what, by the names in WORDS.

    Raises QuotaExceeded.
    """
    get_user_model().objects.select_for_update(no_key=True).get(pk=user.pk)
    quota = Quota.objects.filter(pk=user.pk).first()
    for name, more in wanted.items():
        found = _usage(name, user, quota)
        if found.limit is not None and found.used + more > found.limit:
            raise QuotaExceeded(found, more)


def _usage(name: str, user: AbstractBaseUser, quota: Quota | None) -> Usage:
    own = getattr(quota, name, None)
    limit = settings.QUOTAS[name] or None if own is None else own
    return Usage(name=name, used=sum(function(user) for function in _measures[name]), limit=limit)


@measure(TOKENS)
def _tokens(user: AbstractBaseUser) -> int:
    return ApiToken.objects.of(user).count()
