"""Lists, a page at a time: by key for pages in HTML; by number, or by key, in the JSON API."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from math import ceil
from typing import Any

from django.core.cache import cache
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from rest_framework import pagination, serializers
from rest_framework.request import Request

from pipeline.keyset import AFTER, BEFORE, LONGEST, NEWEST_FIRST, BadCursor, Keyset

COUNTED = 1_000
"""Rows that a page in HTML counts; of more, it says that there are more."""
COUNTED_AT_ONCE = 5_000
"""Rows that the API counts at every request; how many more there are is counted once in KEPT_SECONDS."""
KEPT_SECONDS = 60
PLACES = Signer(sep=".", salt="cursor of a list by its places")
STALE = "This cursor is not one of this list. Begin again without it."


@dataclass(frozen=True)
class ListPage:
    """A page of a list in HTML, and how many rows the list has, up to COUNTED."""

    rows: list[Any]
    newer: str
    older: str
    total: int

    @property
    def is_whole_list(self) -> bool:
        """There is nowhere to turn to."""
        return not self.newer and not self.older

    @property
    def total_in_words(self) -> str:
        """1,000+ where it was not counted to the end."""
        return f"{COUNTED:,}+" if self.total > COUNTED else f"{self.total:,}"


class FirstPageInstead(Exception):
    """The address names no other page of this list."""


def list_page(request: HttpRequest, rows: QuerySet[Any], size: int, keyset: Keyset = NEWEST_FIRST) -> ListPage:
    """The page that ``?cursor=`` names, the newest first unless told otherwise.

    Raises FirstPageInstead; see ``turning_pages``.
    """
    return page_at(request.GET.get("cursor", ""), rows, size, keyset)


def page_at(cursor: str, rows: QuerySet[Any], size: int, keyset: Keyset = NEWEST_FIRST) -> ListPage:
    """The page that a cursor names. Raises FirstPageInstead."""
    try:
        page = keyset.page(rows, size, cursor)
    except BadCursor as error:
        raise FirstPageInstead from error
    if cursor and not page.previous:  # a short page, or an empty one: what is added would come into it
        raise FirstPageInstead
    is_whole_list = not page.previous and not page.next
    total = len(page.rows) if is_whole_list else rows.order_by()[: COUNTED + 1].count()
    return ListPage(page.rows, newer=page.previous, older=page.next, total=total)


def turning_pages(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of a list whose first page has one address, to which bad and outdated cursors lead as well."""

    @wraps(view)
    def turned(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except FirstPageInstead:
            query = request.GET.copy()
            query.pop("cursor", None)
            return redirect(f"{request.path}?{query.urlencode()}" if query else request.path)

    return turned


class PageQuery(serializers.Serializer[Any]):
    """The query string of a list."""

    page = serializers.IntegerField(required=False, min_value=1, max_value=10**9)
    limit = serializers.IntegerField(default=10, min_value=1, max_value=100)
    cursor = serializers.CharField(
        required=False, max_length=LONGEST, help_text="`next` or `previous` of a page's `pagination`."
    )

    def validate_cursor(self, cursor: str) -> str:
        """A page is named in one way."""
        if self.initial_data.get("page"):
            raise serializers.ValidationError("Give a page or a cursor, not both.")
        return cursor


class Pages(pagination.BasePagination):
    """Lists by ``limit`` and ``page`` or ``cursor``. A page beyond the last is empty; bad values are errors.

    DRF's own paginators pass over a bad ``limit`` in silence, and know no ``totalPages``.
    """

    query: type[PageQuery] = PageQuery
    keyset: Keyset = NEWEST_FIRST

    def __init__(self, request: Request) -> None:
        """Raises ValidationError."""
        query = self.query(data=request.query_params)
        query.is_valid(raise_exception=True)
        self.asked: dict[str, Any] = query.validated_data
        """The query string, validated."""
        self.limit: int = self.asked["limit"]
        self.cursor: str = self.asked.get("cursor", "")
        self.page: int | None = None if self.cursor else self.asked.get("page", 1)
        self.total: int | None = None
        self._next = self._previous = ""

    def paginate_queryset(self, queryset: Any, request: Request | None = None, view: Any = None) -> list[Any]:
        """The rows of the page that was asked for, of a queryset or a list. Raises ValidationError."""
        try:
            if isinstance(queryset, list):
                return self._of_list(queryset)
            return self._by_key(queryset) if self.page is None else self._by_number(queryset, self.page)
        except BadCursor as error:
            raise serializers.ValidationError({"cursor": [STALE]}) from error

    @property
    def summary(self) -> dict[str, Any]:
        """Which page it is, how many there are, and what stands beside it. By cursor, nothing is counted."""
        pages = None if self.total is None else ceil(self.total / self.limit)
        return {
            "page": self.page,
            "limit": self.limit,
            "total": self.total,
            "totalPages": pages,
            "next": self._next or None,
            "previous": self._previous or None,
        }

    def _by_key(self, queryset: QuerySet[Any]) -> list[Any]:
        page = self.keyset.page(queryset, self.limit, self.cursor)
        self._next, self._previous = page.next, page.previous
        return page.rows

    def _by_number(self, queryset: QuerySet[Any], number: int) -> list[Any]:
        if number == 1:
            page = self.keyset.page(queryset, self.limit)
            self.total, self._next = total(queryset) if page.next else len(page.rows), page.next
            return page.rows
        self.total = total(queryset)
        first = (number - 1) * self.limit
        rows = self.keyset.rows(queryset, first, min(first + self.limit, self.total), self.total)
        if rows:
            self._previous = self.keyset.cursor(BEFORE, rows[0])
        if rows and first + self.limit < self.total:
            self._next = self.keyset.cursor(AFTER, rows[-1])
        return rows

    def _of_list(self, rows: list[Any]) -> list[Any]:
        """A list that is there as a whole, and changes as one: its places are numbers."""
        first = _place(self.cursor) if self.page is None else (self.page - 1) * self.limit
        last = first + self.limit
        if self.page is not None:
            self.total = len(rows)
        self._next = PLACES.sign(str(last)) if last < len(rows) else ""
        self._previous = PLACES.sign(str(max(0, first - self.limit))) if 0 < first < len(rows) + self.limit else ""
        return rows[first:last]


def total(queryset: QuerySet[Any]) -> int:
    """How many rows there are; of more than COUNTED_AT_ONCE, how many there were within KEPT_SECONDS."""
    rows = queryset.order_by()
    counted = rows[: COUNTED_AT_ONCE + 1].count()
    if counted <= COUNTED_AT_ONCE:
        return counted
    key = f"total:{sha256(str(rows.query).encode()).hexdigest()}"
    return int(cache.get_or_set(key, rows.count, KEPT_SECONDS) or 0)


def _place(cursor: str) -> int:
    """Raises BadCursor."""
    try:
        return int(PLACES.unsign(cursor))
    except (BadSignature, ValueError) as error:
        raise BadCursor from error
