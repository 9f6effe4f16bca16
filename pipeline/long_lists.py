"""Lists of the admin that cost the same however many rows there are: counted, searched and turned to a bound.

What finds rows must be served by an index. What is not looks among the newest rows only, and says so.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

LISTED = 1_000
"""Rows of a list that can be turned to; older ones are found by their time, or another filter."""
FOUND = 200
"""Rows that a search finds in each of the ways it looks, the newest."""
FEW = 200
"""Rows of another table by the beginning of whose name is searched; where more begin so, the whole name counts."""
RECENT = 5_000
"""The newest rows, among which is looked by what no index serves."""
MOST_AT_ONCE = 100
"""Rows that one action takes."""

YES_NO = [("True", "Yes"), ("False", "No")]
"""Choices of a filter by what is so or not."""

Finder = Callable[[str], Q | None]
"""What a search's words may mean; ``None`` where they cannot."""


def by_id(field: str = "pk") -> Finder:
    """A UUID, or its first characters (four at least)."""

    def find(text: str) -> Q | None:
        digits = text.lower().replace("-", "")
        if not re.fullmatch(r"[0-9a-f]{4,32}", digits):
            return None
        return Q(**{f"{field}__range": (UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))})

    return find


def by(lookup: str) -> Finder:
    """A lookup that an index serves: ``name__istartswith``."""
    return lambda text: Q(**{lookup: text})


def of(relation: str, others: Any, beginning: str, whole: str) -> Finder:
    """What a row belongs to: ``of("user", User.objects, "username__startswith", "username")``."""

    def find(text: str) -> Q | None:
        found = list(others.filter(**{beginning: text}).values_list("pk", flat=True)[: FEW + 1])
        if len(found) > FEW:
            found = list(others.filter(**{whole: text}).values_list("pk", flat=True)[:FEW])
        return Q(**{f"{relation}__in": found}) if found else None

    return find


def of_user() -> Finder:
    """By the beginning of a username."""
    return of("user", User.objects, "username__startswith", "username")


class BoundedPaginator(Paginator[Any]):
    """Counts up to LISTED, and turns no further. A page's rows are found first, and only they are read."""

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        rows: Any = self.object_list
        begin = (number - 1) * self.per_page
        chosen = rows.select_related(None).values("pk")[begin : begin + self.per_page]
        found: Page[Any] = self._get_page(rows.filter(pk__in=chosen), number, self)  # type: ignore[attr-defined]
        return found

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list  # the admin gives querysets
        return int(rows.order_by()[: LISTED + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._counted, LISTED)

    @property
    def is_cut(self) -> bool:
        """There are more than can be turned to."""
        return self._counted > LISTED

    @cached_property
    def ends_at(self) -> datetime | None:
        """When the last row was made that can be turned to; ``None`` where there is no more, or rows have no time."""
        rows: Any = self.object_list
        if not self.is_cut or not any(field.name == "created_at" for field in rows.model._meta.fields):
            return None
        made: datetime = rows.values_list("created_at", flat=True)[self.count - 1]
        return made


class LongChangeList(ChangeList):
    """Sorted by what the list is ordered by, which an index serves, and by nothing else."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        ordering = super().get_ordering(request, queryset)
        usual: list[Any] = list(self.model_admin.ordering or ())
        return ordering if str(ordering[0]).lstrip("-") == usual[0].lstrip("-") else usual

    def get_results(self, request: HttpRequest) -> None:
        """Beside the search, how many were found: where that was asked for, and is known."""
        super().get_results(request)
        if self.paginator.is_cut or not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count

    @property
    def older(self) -> str:
        """The query string of the list from the last row on that can be turned to; empty: it cannot be said."""
        ends_at = self.paginator.ends_at
        return self.get_query_string({"created_at__lte": ends_at.isoformat()}, ["created_at__lte"]) if ends_at else ""


class LongList(admin.ModelAdmin[Any]):
    """Rows that there may be millions of. ``finders`` says what a search looks for, ``search_help_text`` to people."""

    ordering = ["-created_at", "-id"]
    finders: ClassVar[Sequence[Finder]] = ()
    search_fields = ["pk"]
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ["created_at"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LongChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Each way is looked in by itself, for which there is an index; all at once would read every row."""
        if not (text := search_term.strip()):
            return queryset, False
        rows = queryset.select_related(None).order_by(*self.ordering or ()).values_list("pk", flat=True)
        found: set[Any] = set()
        for finder in self.finders:
            if (meaning := finder(text)) is not None and "\0" not in text:
                found.update(rows.filter(meaning)[:FOUND])
        return queryset.filter(pk__in=found), False

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """An action takes what a person can look over."""
        if (
            request.POST.get("select_across", "0") != "0"
            and queryset.order_by()[: MOST_AT_ONCE + 1].count() > MOST_AT_ONCE
        ):
            self.message_user(request, f"Select at most {MOST_AT_ONCE} at a time.", messages.ERROR)
            return None
        return super().response_action(request, queryset, *args, **kwargs)


class CreatedFilter(admin.SimpleListFilter):
    """By age, in steps that need no look at the rows."""

    title = "created"
    parameter_name = "created"
    DAYS = {"1": "24 hours", "7": "7 days", "30": "30 days", "365": "year"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        within = [(days, f"Past {label}") for days, label in self.DAYS.items()]
        return within + [(f"-{days}", f"Over {days} days ago") for days in ("7", "30", "365")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        if chosen not in dict(self.lookup_choices):
            return queryset
        since = timezone.now() - timedelta(days=abs(int(chosen)))
        return queryset.filter(created_at__lt=since) if chosen[0] == "-" else queryset.filter(created_at__gte=since)


def recent(field: str, title: str, choices: Sequence[tuple[str, str]]) -> type[admin.SimpleListFilter]:
    """A filter by a column that no index serves: it looks among the newest rows alone, and says so."""

    class RecentFilter(admin.SimpleListFilter):
        parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
            return choices

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            if self.value() not in dict(choices):
                return queryset
            newest = queryset.model._default_manager.order_by(*self.ordering).values("pk")[:RECENT]
            return queryset.filter(pk__in=newest, **{field: self.value()})

        def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: LongList) -> None:
            super().__init__(request, params, model, model_admin)
            self.ordering = model_admin.ordering

    RecentFilter.title = f"{title}, of the newest {RECENT:,}"
    return RecentFilter


def newest(formset: type[Any], most: int) -> type[Any]:
    """A formset of an inline that shows so many rows, the first in its order."""

    class Newest(formset):  # type: ignore[misc]
        @cached_property
        def _shown(self) -> QuerySet[Any]:
            rows: QuerySet[Any] = super().get_queryset()[:most]
            return rows

        def get_queryset(self) -> QuerySet[Any]:
            return self._shown

    return Newest
