"""A setting as it stands on the page: what is wrong with it, in the same words from the browser and from the server."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

WORDS = {"data-range": ("min_value",), "data-step": ("max_decimal_places", "invalid")}
"""What a number input is told to say of a value out of range, or between its steps: the first that its field has."""
LONGEST = 40
"""Characters of a value that are said again."""


class Setting(BoundField):
    """A field of a form that an address can fill in."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        if self.widget_type != "number":
            return built
        said = self.field.error_messages
        words = {name: next((said[key] for key in keys if key in said), None) for name, keys in WORDS.items()}
        return built | {name: text for name, text in words.items() if text}

    @property
    def set_aside(self) -> str:
        """Why the value in the page's address was not taken; nothing where it was, or had none."""
        return self.form.set_aside.get(self.name, "") if isinstance(self.form, SettingsForm) else ""


class SettingsForm(forms.Form):
    """A form that an address can fill in."""

    bound_field_class = Setting
    set_aside: Mapping[str, str] = MappingProxyType({})
    """What is said at fields whose value in the address could not be taken."""

    def is_wrong_at(self, *names: str) -> bool:
        """Something is said at one of these fields."""
        return any(name in self.errors or name in self.set_aside for name in names)


def not_taken(value: str, errors: Iterable[object]) -> str:
    """What is said of a value in an address that is none for its field."""
    return f"The address has “{value[:LONGEST]}” here, which was left out. {' '.join(map(str, errors))}"
