"""Whose is what: every route and method, as seen by who has no right to it."""

import json
import re
import uuid

import pytest

from tests.web.asking import Ask
from tests.web.requests import FORM, JSON, filled, urlencoded
from tests.web.rights import METHODS, RIGHTS, expected
from tests.web.routes import Address, addresses
from tests.web.scene import ANONYMOUS, MARK, OTHER, OTHER_TOKEN, STAFF, TOKEN, USER, Scene
from tests.web.table import TABLE

pytestmark = pytest.mark.django_db

FIRST_OF_KIND = {address.kind: address for address in reversed(addresses())}
OF_MODELS = [address for address in addresses() if address != FIRST_OF_KIND[address.kind]]
RANDOM = re.compile(rb'csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"|nonce="[^"]+"')


def test_every_route_has_its_row():
    assert set(FIRST_OF_KIND) == set(RIGHTS)


@pytest.mark.parametrize("kind", FIRST_OF_KIND)
def test_who_gets_what(world, asker, kind):
    address = FIRST_OF_KIND[kind]
    found = {method: statuses(asker, world, address, method) for method in METHODS}
    assert found == {method: expected(address, method) for method in METHODS}


@pytest.mark.parametrize("address", OF_MODELS, ids=lambda address: address.pattern)
def test_each_model_of_the_admin_alike(world, asker, address):
    found = {method: statuses(asker, world, address, method) for method in ("GET", "POST")}
    assert found == {method: expected(address, method) for method in ("GET", "POST")}


HERS = [kind for kind in FIRST_OF_KIND if "<uuid:" in kind or "token_key" in kind]


@pytest.mark.parametrize("kind", HERS)
def test_what_is_hers_looks_like_nothing(world, asker, kind):
    """Word for word."""
    address, parts = FIRST_OF_KIND[kind], world.parts(FIRST_OF_KIND[kind])
    none = parts | {name: str(uuid.uuid4()) for name in parts if name != "number"}
    for method in ("GET", "POST", "PATCH", "DELETE"):
        hers, nothing = (
            asker.ask(sent(who_is_other(address), method, address, world, parts=those)) for those in (parts, none)
        )
        assert hers.status_code == nothing.status_code
        assert neutral(hers.body, parts) == neutral(nothing.body, none)


def test_her_own_words_are_in_what_she_sees(world, asker):
    """Else that they are nowhere else would say nothing."""
    shown = {
        kind
        for kind, address in FIRST_OF_KIND.items()
        if not kind.startswith("admin")
        and MARK.encode() in asker.ask(sent(TOKEN if address.is_api else USER, "GET", address, world)).body
    }
    assert shown >= {
        "datasets", "datasets/<uuid:pk>", "datasets/<uuid:pk>/download", "datasets/<uuid:pk>/left-out.csv",
        "datasets/<uuid:pk>/problems.csv", "api/datasets", "api/datasets/<uuid:pk>", "api/datasets/<uuid:pk>/errors",
        "training/jobs", "training/jobs/<uuid:job_id>", "api/jobs", "api/jobs/<uuid:job_id>",
        "api/jobs/<uuid:job_id>/adapter", "notifications",
    }  # fmt: skip


@pytest.mark.parametrize("hers", [True, False])
def test_her_data_set_cannot_be_named_in_what_is_theirs(world, asker, hers):
    named = str(world.dataset.pk if hers else uuid.uuid4())
    answer = asker.ask(
        Ask(
            OTHER_TOKEN,
            "PATCH",
            f"/api/datasets/{world.theirs.pk}",
            body=json.dumps({"evaluation_dataset_id": named}).encode(),
            content_type=JSON,
        )
    )
    assert answer.status_code == 400
    assert answer.json()["details"] == {"evaluation_dataset_id": [f'Invalid pk "{named}" - object does not exist.']}
    form = urlencoded({"evaluation_percent": "", "split_seed": "1", "evaluation_dataset": named})
    page = asker.ask(Ask(OTHER, "POST", f"/datasets/{world.theirs.pk}/split", body=form, content_type=FORM))
    assert page.status_code == 422
    configure = asker.ask(Ask(OTHER, "GET", "/training/configure", f"datasetId={named}"))
    assert b"Dataset not found or access denied" in configure.content


def statuses(asker, world, address, method):
    """By who asks; her words are in no answer."""
    found = []
    for who in (ANONYMOUS, who_is_other(address), STAFF):
        answer = asker.ask(sent(who, method, address, world))
        assert MARK.encode() not in answer.body + str(answer.headers).encode()
        found.append(answer.status_code)
    assert not asker.failures, asker.failures
    return tuple(found)


def sent(who: str, method: str, address: Address, world: Scene, parts=None) -> Ask:
    """What could do something, if it were allowed."""
    row, path = TABLE[address.kind], address.path(parts or world.parts(address))
    if method in row.json:
        return Ask(who, method, path, body=json.dumps(filled(row.json[method], world)).encode(), content_type=JSON)
    if row.form and method == "POST":
        form = {name: value for name, value in filled(row.form, world).items() if not name.startswith("_")}
        return Ask(who, method, path, body=urlencoded(form), content_type=FORM)
    return Ask(who, method, path)


def who_is_other(address: Address) -> str:
    return OTHER_TOKEN if address.is_api else OTHER


def neutral(content: bytes, parts) -> bytes:
    """Without what differs from one request to the next."""
    for name, value in parts.items():
        content = content.replace(value.encode(), b"-") if name != "number" else content
    return RANDOM.sub(b"", content)
