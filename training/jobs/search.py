"""Which of their jobs somebody looks for, and in which order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone

from datasets.models import Dataset
from pipeline.keyset import Keyset
from training.models import BaseModel
from training.models.querysets import TrainingJobQuerySet

COLUMNS = {
    "created": "created_at",
    "cost": "final_cost",
    "duration": "final_seconds",
    "loss": "final_loss",
    "evaluation_loss": "final_evaluation_loss",
}
RISING = {name: Keyset((column, "id"), is_rising=True) for name, column in COLUMNS.items()}
FALLING = {f"-{name}": Keyset((column, "id")) for name, column in COLUMNS.items()}
ORDERS = RISING | FALLING
"""By name. A job that has not ended has cost nothing yet, and its losses are infinite."""
NEWEST = "-created"
LONGEST_TEXT = 200
"""Characters that are looked for."""
DAYS = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))]
"""Between which jobs can be looked for."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What all has to be true of a job; what is empty or ``None`` need not. Named as in addresses."""

    q: str = ""
    """In its name, its data set's, or a tag; in any case."""
    tag: str = ""
    dataset_id: UUID | None = None
    base_model: BaseModel | None = None
    preset_id: str = ""
    status: str = ""
    created_from: date | None = None
    created_to: date | None = None
    """Days in the server's time zone, both included."""
    cost_min: Decimal | None = None
    cost_max: Decimal | None = None
    """US dollars that it has cost, both included."""
    sort: str = NEWEST

    @property
    def keyset(self) -> Keyset:
        """Its order."""
        return ORDERS[self.sort]

    @property
    def is_filter(self) -> bool:
        """Anything but an order is asked for."""
        return self != Search(sort=self.sort)

    def among(self, jobs: TrainingJobQuerySet, user: AbstractBaseUser) -> TrainingJobQuerySet:
        """Those that are looked for, of a user's own ``jobs``."""
        asked = {
            "tags__contains": [self.tag] if self.tag else None,
            "dataset_id": self.dataset_id,
            "base_model": self.base_model,
            "preset_id": self.preset_id,
            "status": self.status,
            "created_at__gte": _beginning(self.created_from),
            "created_at__lt": _beginning(self.created_to and self.created_to + timedelta(days=1)),
        }
        found = jobs.filter(**{name: value for name, value in asked.items() if value not in (None, "")})
        if self.q:
            found = _named(found, self.q, user)
        return found if self.cost_min is self.cost_max is None else found.filter(self._has_cost(jobs))

    def _has_cost(self, jobs: TrainingJobQuerySet) -> Q:
        """Of the few that have not ended, what they have cost so far changes by the second: it is in no index."""
        so_far, at_end = (
            Q(**{f"{column}__{end}": value for end, value in self._costs.items() if value is not None})
            for column in ("current_cost", "final_cost")
        )
        active = jobs.active().order_by()
        return (at_end & ~Q(pk__in=active.values("pk"))) | Q(pk__in=active.filter(so_far).values("pk"))

    @property
    def _costs(self) -> dict[str, Decimal | None]:
        return {"gte": self.cost_min, "lte": self.cost_max}


def contradictions(asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of two ends that leave nothing between them: the later one's name, and what is wrong."""
    for first, last, words in (
        ("created_from", "created_to", "Must not be before the first day."),
        ("cost_min", "cost_max", "Must not be less than the lowest cost."),
    ):
        low, high = asked.get(first), asked.get(last)
        if low is not None and high is not None and high < low:
            yield last, words


def _named(jobs: TrainingJobQuerySet, text: str, user: AbstractBaseUser) -> TrainingJobQuerySet:
    tags = Func(F("tags"), Value("\n"), function="array_to_string", output_field=TextField())
    # Told which, PostgreSQL knows how rare they are, and by which index to look.
    datasets = list(Dataset.objects.filter(user_id=user.pk, name__icontains=text).values_list("pk", flat=True))
    found: TrainingJobQuerySet = jobs.alias(lines=Concat("name", Value("\n"), tags, output_field=TextField())).filter(
        Q(lines__icontains=text) | Q(dataset__in=datasets)
    )
    return found


def _beginning(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None
