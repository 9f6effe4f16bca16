"""The admin's site: what is asked of a page and makes no sense is a bad request."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError, transaction
from django.http import HttpRequest

LOOKUPS = {"exact", "in", "gt", "gte", "lt", "lte", "isnull"}
"""What addresses filter by: patterns would read every row, and parts of a date do not take every number."""


class Site(AdminSite):
    """Django's pages look some values up in the database as they come."""

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """A page for staff."""
        return super().admin_view(_guarded(view), cacheable)


def _guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if unknown := [name for name in request.GET if "__" in name and name.rpartition("__")[2] not in LOOKUPS]:
            raise BadRequest(f"Nothing is filtered by {', '.join(unknown)}.")
        try:
            if request.method not in ("GET", "HEAD"):
                return view(request, *args, **kwargs)
            with transaction.atomic():  # what the database refuses ends no more than this
                return view(request, *args, **kwargs)
        except (DataError, ValidationError) as error:
            raise BadRequest("The address or the form holds a value that cannot be looked up.") from error

    return guarded
