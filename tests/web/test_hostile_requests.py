"""No request gives a 5xx, and every refusal is in words: JSON under /api/, a page elsewhere."""

import os
import random
from math import ceil

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.web.hostile import BOUNDED, REQUESTS, SEED
from tests.web.requests import about_a_request, asked
from tests.web.routes import addresses
from tests.web.strategies import requests
from tests.web.table import TABLE

pytestmark = pytest.mark.django_db

COUNT = int(os.environ.get(REQUESTS, BOUNDED)) // 2
"""Of the table's requests, and as many that are made up."""


def test_every_route_has_its_row():
    assert {address.kind for address in addresses()} == set(TABLE)


def test_the_table(world, asker):
    """Hostile values in the places where a route reads one; of headers, content types and methods a fifth."""
    about = list(about_a_request(world))
    for request in random.Random(0).sample(about, min(len(about), COUNT // 5)):
        asker.ask(request)
    for request in asked(world, each=ceil((COUNT - COUNT // 5) / len(TABLE))):
        asker.ask(request)
    print(f"\nThe table: {asker.figures}")
    assert not asker.failures, "\n\n".join(asker.failures)


@pytest.fixture(scope="module")
def strategy(world):
    return requests(world)


@seed(int(os.environ.get(SEED, "0")))
@settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def made_up(asker, strategy, data):
    asker.ask(data.draw(strategy))
    assert not asker.failures, asker.failures.pop()


def test_what_nobody_has_thought_of(asker, strategy):
    try:
        made_up(asker, strategy)
    finally:
        print(f"\nMade up: {asker.figures}")
