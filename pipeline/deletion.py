"""Deleting in the admin what others hang on."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import PROTECT, QuerySet
from django.http import HttpRequest


class Protected(admin.ModelAdmin[Any]):
    """Rows that years of others hang on: what forbids to delete one is told by its kind, and not listed row by row."""

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """As Django's own, where nothing forbids it."""
        protecting = [
            relation.related_model._meta.verbose_name_plural
            for relation in self.opts.related_objects
            if relation.on_delete is PROTECT
            and relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": list(objs)}).exists()
        ]
        if protecting:
            return [str(row) for row in objs], {}, set(), [f"{name}, which refer to it" for name in protecting]
        return super().get_deleted_objects(objs, request)
