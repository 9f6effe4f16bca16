"""Every address of the product, as the URL resolver has it; the admin's of each model are one kind."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

PART = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
MODEL = re.compile(r"^admin/(?P<app>\w+)/(?P<model>\w+)/")


@dataclass(frozen=True)
class Address:
    """One pattern: ``datasets/<uuid:pk>/status``."""

    pattern: str
    kind: str = field(compare=False)
    """The same, but that a model of the admin stands as ``<model>``."""
    model: str = field(default="", compare=False)
    """Its app and name, of an address in the admin."""

    @property
    def is_api(self) -> bool:
        """Asked by scripts, with a token."""
        return self.pattern.startswith(("api/", "v1/"))

    @property
    def parts(self) -> list[str]:
        """The names of what varies in it."""
        return [first or second for first, second in PART.findall(self.pattern)]

    def path(self, parts: dict[str, str]) -> str:
        """With these in the places of its parts, percent-encoded or not."""
        filled = PART.sub(lambda found: parts[found[1] or found[2]], self.pattern)
        return "/" + filled.replace("^", "").replace("$", "")


def addresses() -> list[Address]:
    return [_address(pattern) for pattern in _patterns(get_resolver())]


def _address(pattern: str) -> Address:
    models = {(model._meta.app_label, model._meta.model_name) for model in admin.site._registry}
    found = MODEL.match(pattern)
    if found and (found["app"], found["model"]) in models:
        return Address(pattern, f"admin/<model>/{pattern[found.end() :]}", f"{found['app']}.{found['model']}")
    return Address(pattern, re.sub(r"\(\?P<app_label>[^)]*\)", "<app_label>", pattern))


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        pattern = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield pattern
        else:
            yield from _patterns(entry, pattern)
