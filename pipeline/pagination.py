"""The JSON API's lists, a page at a time."""

from math import ceil
from typing import Any

from rest_framework import pagination, serializers
from rest_framework.request import Request


class PageQuery(serializers.Serializer[Any]):
    """The query string of a list."""

    page = serializers.IntegerField(default=1, min_value=1, max_value=10**9)
    limit = serializers.IntegerField(default=10, min_value=1, max_value=100)


class Pages(pagination.BasePagination):
    """Lists by ``page`` and ``limit``. A page beyond the last is empty; a bad number is a validation error.

    DRF's own paginators pass over a bad ``limit`` in silence, and know no ``totalPages``.
    """

    query: type[PageQuery] = PageQuery

    def __init__(self, request: Request) -> None:
        """Raises ValidationError."""
        query = self.query(data=request.query_params)
        query.is_valid(raise_exception=True)
        self.asked: dict[str, Any] = query.validated_data
        """The query string, validated."""
        self.page, self.limit = self.asked["page"], self.asked["limit"]
        self.total = 0

    def paginate_queryset(self, queryset: Any, request: Request | None = None, view: Any = None) -> Any:
        """The rows of the page that was asked for: a slice of a queryset or a list."""
        self.total = len(queryset) if isinstance(queryset, list) else queryset.count()
        return queryset[(self.page - 1) * self.limit : self.page * self.limit]

    @property
    def summary(self) -> dict[str, int]:
        """Which page it is, and how many there are."""
        pages = ceil(self.total / self.limit)
        return {"page": self.page, "limit": self.limit, "total": self.total, "totalPages": pages}
