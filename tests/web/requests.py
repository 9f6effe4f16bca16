"""The table's requests: every route, with each hostile value in the places where it reads one."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice, product, zip_longest
from typing import Any
from urllib.parse import quote, urlencode

from tests.web.asking import Ask
from tests.web.routes import Address, addresses
from tests.web.scene import ADMIN, ANONYMOUS, TOKEN, USER, Scene
from tests.web.table import TABLE
from tests.web.values import BODIES, CONTENT_TYPES, HEADERS, JSON_VALUES, MULTIPART, MULTIPARTS, TEXTS

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


Make = Callable[[], Ask]
"""A request that has not been written yet: all of them at once would not fit into memory."""


def asked(scene: Scene, *, each: int) -> Iterator[Ask]:
    """Of every kind of address ``each`` requests, spread over where it reads something and over what it is sent."""
    kinds: dict[str, list[Address]] = {}
    for address in addresses():
        kinds.setdefault(address.kind, []).append(address)
    chance = random.Random(0)
    for alike in kinds.values():
        found = [[makes for address in alike for makes in source(address, scene)] for source in SOURCES]
        for makes in found:
            chance.shuffle(makes)
        turns = (make for makes in zip_longest(*found) for make in makes if make)
        yield from (make() for make in islice(turns, each))


def asker(address: Address) -> str:
    """Who gets furthest with it."""
    return ADMIN if TABLE[address.kind].as_admin else TOKEN if address.is_api else USER


def in_path(address: Address, scene: Scene) -> Iterator[Make]:
    parts = scene.parts(address)
    for name, text in product(parts, TEXTS.values()):
        yield lambda name=name, text=text: Ask(asker(address), "GET", address.path(parts | {name: quoted(text)}))


def in_query(address: Address, scene: Scene) -> Iterator[Make]:
    path = address.path(scene.parts(address))
    for name, text in product(TABLE[address.kind].query, TEXTS.values()):
        yield lambda name=name, text=text: Ask(asker(address), "GET", path, f"{name}={quoted(text)}")


def in_form(address: Address, scene: Scene) -> Iterator[Make]:
    form = filled(TABLE[address.kind].form, scene)
    post = partial(Ask, asker(address), "POST", address.path(scene.parts(address)))
    for name, text in product(form, TEXTS.values()):
        yield lambda name=name, text=text: post(body=urlencoded(form | {name: text}), content_type=FORM)
    if form:
        yield from (partial(post, body=body, content_type=MULTIPART) for body in MULTIPARTS.values())
        yield from (partial(post, body=body, content_type=FORM) for body in BODIES.values())


def in_json(address: Address, scene: Scene) -> Iterator[Make]:
    path = address.path(scene.parts(address))
    for method, body in TABLE[address.kind].json.items():
        whole, send = filled(body, scene), partial(Ask, asker(address), method, path, content_type=JSON)
        for place, text in product(places(whole), JSON_VALUES.values()):
            yield lambda place=place, text=text, whole=whole, send=send: send(
                body=with_value(whole, place, text).encode()
            )
        yield from (partial(send, body=text.encode()) for text in JSON_VALUES.values())
        yield from (partial(send, body=sent) for sent in BODIES.values())


SOURCES = (in_path, in_query, in_form, in_json)


def about_a_request(scene: Scene) -> Iterator[Ask]:
    """Headers, content types and methods: they are read before a route is chosen, or by the API alike for all."""
    form, page, run = "/datasets/upload", "/login", "/api/jobs/estimate"
    for name, values in HEADERS.items():
        for value in values:
            for who, path in ((ANONYMOUS, page), (USER, "/datasets"), (TOKEN, "/api/jobs"), (ADMIN, "/admin/")):
                yield Ask(who, "GET", path, headers=((name, value),))
            yield Ask(TOKEN, "POST", run, body=b"{}", content_type=JSON, headers=((name, value),))
            yield Ask(TOKEN, "POST", "/api/jobs", body=b"{}", content_type=JSON, headers=((name, value),))
            yield Ask(ANONYMOUS, "POST", page, body=b"username=a", content_type=FORM, headers=((name, value),))
    for kind in CONTENT_TYPES:
        for who, path in ((USER, form), (TOKEN, "/api/datasets"), (TOKEN, run), (ANONYMOUS, page)):
            for body in (b'{"a": 1}', b"a=1", MULTIPARTS["no name"], b"+AAA-=+2AA-"):
                yield Ask(who, "POST", path, body=body, content_type=kind)
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", "NONSENSE"):
        for address in addresses():
            yield Ask(asker(address), method, address.path(scene.parts(address)))


def filled(values: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    text = json.dumps(dict(values))
    text = text.replace("{dataset}", str(scene.dataset.pk)).replace("{base_model}", scene.job.base_model.name)
    found: dict[str, Any] = json.loads(text)
    return found


def places(body: Mapping[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in body.items():
        yield (*before, name)
        if isinstance(value, Mapping):
            yield from places(value, (*before, name))


def with_value(body: Mapping[str, Any], place: tuple[str, ...], text: str) -> str:
    """The body as JSON, with this text, which need not be JSON, in one place."""
    first, *rest = place
    parts = [
        f"{json.dumps(name)}: "
        + (json.dumps(value) if name != first else with_value(value, tuple(rest), text) if rest else text)
        for name, value in body.items()
    ]
    return "{" + ", ".join(parts) + "}"


def urlencoded(form: Mapping[str, str]) -> bytes:
    sent = {
        name.encode("utf-8", "surrogatepass"): value.encode("utf-8", "surrogatepass") for name, value in form.items()
    }
    return urlencode(sent).encode()


def quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
