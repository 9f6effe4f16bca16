"""Requests that nobody has thought of: any route, asked by anybody, in any way."""

import json

from hypothesis import strategies as st

from tests.web.asking import Ask
from tests.web.requests import FORM, JSON, filled, places, quoted, urlencoded, with_value
from tests.web.routes import Address, addresses
from tests.web.scene import ADMIN, ANONYMOUS, STAFF, TOKEN, USER, Scene
from tests.web.table import TABLE
from tests.web.values import BODIES, CONTENT_TYPES, HEADERS, JSON_VALUES, MULTIPART, MULTIPARTS, TEXTS, multipart

ANY_CHARACTER = st.characters(exclude_categories=())
"""Half surrogate pairs and NUL included."""
texts = st.sampled_from(list(TEXTS.values())) | st.text(ANY_CHARACTER, max_size=20)
numbers = st.integers(-(2**70), 2**70) | st.floats(width=64)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
json_texts = st.sampled_from(list(JSON_VALUES.values())) | json_values.map(json.dumps)
headers = st.sampled_from([(name, value) for name, values in HEADERS.items() for value in values]) | st.tuples(
    st.sampled_from(sorted(HEADERS)),
    st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=20),
)
methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "NONSENSE"])


def requests(scene: Scene) -> st.SearchStrategy[Ask]:
    """Each kind of address as often as any other."""
    kinds: dict[str, list[Address]] = {}
    for address in addresses():
        kinds.setdefault(address.kind, []).append(address)
    return st.sampled_from(list(kinds.values())).flatmap(st.sampled_from).flatmap(lambda found: _to(found, scene))


@st.composite
def _to(draw: st.DrawFn, address: Address, scene: Scene) -> Ask:
    row = TABLE[address.kind]
    script = address.is_api
    who = draw(st.sampled_from([TOKEN if script else USER, ADMIN, STAFF, ANONYMOUS]))
    parts = scene.parts(address)
    if parts and draw(st.booleans()):
        parts |= draw(st.dictionaries(st.sampled_from(address.parts), texts.map(quoted)))
    names = st.sampled_from(row.query) | texts if row.query else texts
    query = "&".join(
        f"{quoted(name)}={quoted(value)}" for name, value in draw(st.lists(st.tuples(names, texts), max_size=4))
    )
    body, content_type = draw(_body(row, scene))
    method = draw(methods if not body else st.sampled_from([*row.json, "POST"]) | methods)
    about = tuple(dict(draw(st.lists(headers, max_size=3))).items())
    return Ask(who, method, address.path(parts), query, body, content_type, about)


def _body(row, scene: Scene) -> st.SearchStrategy[tuple[bytes, str]]:
    ways = [st.just((b"", "")), st.tuples(st.sampled_from(list(BODIES.values())), st.sampled_from(CONTENT_TYPES))]
    if row.form:
        form = filled(row.form, scene)
        changes = st.dictionaries(st.sampled_from(list(form)) | texts, texts, min_size=1, max_size=4)
        ways += [
            changes.map(lambda found: (urlencoded(form | found), FORM)),
            changes.map(lambda found: (multipart(*_fields(form | found)), MULTIPART)),
            st.sampled_from(list(MULTIPARTS.values())).map(lambda sent: (sent, MULTIPART)),
        ]
    for body in row.json.values():
        ways.append(_json(filled(body, scene)).map(lambda text: (text.encode(), JSON)))
    return st.one_of(ways)


def _json(whole) -> st.SearchStrategy[str]:
    found = list(places(whole))
    anything = json_texts
    if not found:
        return anything
    return anything | st.tuples(st.sampled_from(found), json_texts).map(lambda at: with_value(whole, *at))


def _fields(form) -> list[str]:
    return [f'name="{name}"\r\n\r\n{value}' for name, value in form.items()]
