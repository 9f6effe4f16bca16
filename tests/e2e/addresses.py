"""Every page of the site, found from its addresses: what answers a plain GET with a whole page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

NOT_LOOKED_AT = {
    "api_docs": "Swagger UI's markup is not ours",
    "admin:view_on_site": "leads to a page of the site, by an address that no page of ours links to",
}
"""Views without an example, and why."""
ALIKE = ("_history", "_delete")
"""Views of the admin that Django makes alike for every model, by the ends of their names: one of each is looked at."""


@dataclass(frozen=True)
class View:
    """An address with a name, and what stands in it."""

    name: str
    parameters: tuple[str, ...]

    @property
    def admin_model(self):
        """The model of an admin page about one object."""
        return apps.get_model(*self.name.removeprefix("admin:").split("_")[:2])


def views(patterns=None, namespace="") -> Iterator[View]:
    """All of them; one without a name is Django's own."""
    for pattern in patterns or get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from views(pattern.url_patterns, inner)
        elif pattern.name:
            yield View(f"{namespace}{pattern.name}", tuple(pattern.pattern.regex.groupindex))
        else:
            assert isinstance(pattern, URLPattern)
            assert namespace == "admin:", f"an address without a name: {pattern}"


def examples(view, given) -> Iterable[dict]:
    """What may stand in the view's address.

    Args:
        view: the view.
        given: what stands in it by the view's name, in all its cases; or one value by ``app:parameter``.
    """
    if not view.parameters:
        return [{}]
    if view.name in given:
        return given[view.name]
    if view.name.startswith("admin:"):
        return [{view.parameters[0]: view.admin_model.objects.values_list("pk", flat=True)[0]}]
    app = view.name.rpartition(":")[0]
    return [{name: given[f"{app}:{name}"] for name in view.parameters}]


def pages(client: Client, given) -> list[str]:
    """The addresses that answer this client with a whole page. A view that answers none of its examples is an error."""
    found, broken = [], []
    for view in different(views()):
        if view.name not in NOT_LOOKED_AT:
            paths = [reverse(view.name, kwargs=values) for values in examples(view, given)]
            answers = {path: client.get(path) for path in paths}
            found += [path for path, answer in answers.items() if is_page(answer)]
            if all(answer.status_code in (404, 500) for answer in answers.values()):
                broken.append(f"{view.name} at {paths[0]}")
    assert not broken, broken
    return found


def different(found: Iterable[View]) -> Iterator[View]:
    """Without the second, third … of those that are alike."""
    seen: set[str] = set()
    for view in found:
        kind = next((end for end in ALIKE if view.name.startswith("admin:") and view.name.endswith(end)), view.name)
        if kind not in seen:
            seen.add(kind)
            yield view


def is_page(answer) -> bool:
    """A whole page, and not data, a part of a page, a way elsewhere or a refusal."""
    is_html = answer.headers.get("Content-Type", "").startswith("text/html")
    return answer.status_code == 200 and is_html and b"<html" in answer.content
