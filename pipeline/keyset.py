"""Lists read by key: a page begins where another ended, whatever was added since, and costs the same at any depth.

DRF's CursorPagination counts rows of the same time by their offset, so that one more of that time moves them all, and
looks a hostile cursor's values up in the database. Here the whole key is compared, and a cursor is signed.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import F, Func, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan

AFTER, BEFORE = "after", "before"
LONGEST = 500
"""Characters of a cursor."""


class BadCursor(Exception):
    """It was not made here, or for another list."""


@dataclass(frozen=True)
class Page:
    """Rows of a list, with the cursors of what comes before and after them; empty: nothing does."""

    rows: list[Any]
    previous: str
    next: str


@dataclass(frozen=True)
class Keyset:
    """The order of a list, the greatest first: columns of its model that are never null, and unique together."""

    columns: tuple[str, ...] = ("created_at", "id")
    is_rising: bool = False
    """The least first instead."""

    def ordered(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The list, in this order."""
        sign = "" if self.is_rising else "-"
        return queryset.order_by(*(f"{sign}{column}" for column in self.columns))

    def page(self, queryset: QuerySet[Any], size: int, cursor: str = "") -> Page:
        """The first rows, or those on one side of a place in the list. Raises BadCursor."""
        rows, side = self.ordered(queryset), AFTER
        if cursor:
            side, place = self._read(queryset.model, cursor)
            rows = rows.filter(self._compared(queryset.model, side, place))
        if side == BEFORE:
            rows = rows.reverse()
        found = self._chosen(queryset, rows, slice(size + 1))
        there_are_more, found = len(found) > size, found[:size] if side == AFTER else found[-size:]
        has_previous, has_next = (bool(cursor), there_are_more) if side == AFTER else (there_are_more, True)
        return Page(
            found,
            previous=self.cursor(BEFORE, found[0]) if found and has_previous else "",
            next=self.cursor(AFTER, found[-1]) if found and has_next else "",
        )

    def rows(self, queryset: QuerySet[Any], first: int, last: int, total: int) -> list[Any]:
        """From one place to another, of so many: counted from the nearer end."""
        if first >= last:
            return []
        rows = self.ordered(queryset)
        if total - last < first:
            return self._chosen(queryset, rows.reverse(), slice(total - last, total - first))
        return self._chosen(queryset, rows, slice(first, last))

    def _chosen(self, queryset: QuerySet[Any], rows: QuerySet[Any], places: slice) -> list[Any]:
        """Of the queryset's rows in any order, those at some places: found in an index, and only then read."""
        return list(self.ordered(queryset.filter(pk__in=rows.values("pk")[places])))

    def cursor(self, side: str, row: models.Model) -> str:
        """What stands before or after a row, as text for an address."""
        values = [_field(type(row), column).value_to_string(row) for column in self.columns]
        return self._signer(type(row)).sign_object([side, *values])

    def _read(self, model: type[models.Model], cursor: str) -> tuple[str, list[Any]]:
        try:
            side, *values = self._signer(model).unsign_object(cursor) if len(cursor) <= LONGEST else ("",)
        except (BadSignature, ValueError) as error:  # the latter: what is not text in UTF-8
            raise BadCursor from error
        if side not in (AFTER, BEFORE):
            raise BadCursor
        return side, [
            _field(model, column).to_python(value) for column, value in zip(self.columns, values, strict=True)
        ]

    def _compared(self, model: type[models.Model], side: str, place: list[Any]) -> LessThan | GreaterThan:
        """As rows, which PostgreSQL finds in an index of these columns however many are alike in the first."""
        values = [Value(value, _field(model, column)) for column, value in zip(self.columns, place, strict=True)]
        columns = _row(*(F(column) for column in self.columns))
        comparison = LessThan if (side == AFTER) != self.is_rising else GreaterThan
        return comparison(columns, _row(*values))

    def _signer(self, model: type[models.Model]) -> Signer:
        return Signer(sep=".", salt=json.dumps(["cursor", model._meta.label, self.is_rising, *self.columns]))


NEWEST_FIRST = Keyset()


def _field(model: type[models.Model], column: str) -> "models.Field[Any, Any]":
    field: models.Field[Any, Any] = model._meta.get_field(column)  # type: ignore[assignment]  # no relation is a key
    return field


def _row(*expressions: Any) -> Func:
    return Func(*expressions, function="ROW", output_field=models.TextField())
