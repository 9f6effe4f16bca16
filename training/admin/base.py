"""What the machine writes is read, not edited; what is edited in a list can be told apart by ear."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from pipeline.long_lists import newest

SHOWN = 100
"""Rows of another row's page."""


class ReadOnly(admin.ModelAdmin[Any]):
    """Rows that are looked at, and never changed by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    """The same, within another row's page."""

    template = "admin/read_only_inline.html"
    formset = newest(forms.BaseInlineFormSet, SHOWN)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


class Row(forms.ModelForm[Any]):
    """A row that is edited in the list: each of its fields says what it is, and whose."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label} of {self.instance}"


class EditableList(admin.ModelAdmin[Any]):
    """Rows that are edited in the list."""

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[forms.ModelForm[Any]]:
        return super().get_changelist_form(request, **{"form": Row} | kwargs)
