"""Which of their jobs somebody looks for, and in which order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import F, Func, Q, TextField, Value
from django.utils import timezone

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

    def among(self, jobs: TrainingJobQuerySet) -> TrainingJobQuerySet:
        """Those that are looked for. Whoever's ``jobs`` these are, no others' are read."""
        asked = {
            "tags__contains": [self.tag] if self.tag else None,
            "dataset_id": self.dataset_id,
            "base_model": self.base_model,
            "preset_id": self.preset_id,
            "status": self.status,
            "created_at__gte": _beginning(self.created_from),
            "created_at__lt": _beginning(self.created_to and self.created_to + timedelta(days=1)),
            "current_cost__gte": self.cost_min,
            "current_cost__lte": self.cost_max,
        }
        found = jobs.filter(**{name: value for name, value in asked.items() if value not in (None, "")})
        return _named(found, self.q) if self.q else found


def contradictions(asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of two ends that leave nothing between them: the later one's name, and what is wrong."""
    for first, last, words in (
        ("created_from", "created_to", "Must not be before the first day."),
        ("cost_min", "cost_max", "Must not be less than the lowest cost."),
    ):
        low, high = asked.get(first), asked.get(last)
        if low is not None and high is not None and high < low:
            yield last, words


def _named(jobs: TrainingJobQuerySet, text: str) -> TrainingJobQuerySet:
    lines = Func(F("tags"), Value("\n"), function="array_to_string", output_field=TextField())
    found: TrainingJobQuerySet = jobs.alias(tag_lines=lines).filter(
        Q(name__icontains=text) | Q(tag_lines__icontains=text) | Q(dataset__name__icontains=text)
    )
    return found


def _beginning(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time())) if day else None
