"""Somebody with a row of everything, and those who look at it: made once, and as before after each request."""

import logging

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from pipeline.handler import Utf8Request
from tests.conftest import seed
from tests.web.asking import Asker
from tests.web.scene import scene


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Nobody is asked to wait: what is asked too often would hide what is answered."""
    unlimited = dict.fromkeys(settings.RATES, "")
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(RATES=unlimited):
        seed()
        yield scene()
        transaction.set_rollback(True)


@pytest.fixture
def asker(world, monkeypatch):
    """What is logged of thousands of requests takes longer than to answer them."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    return Asker(world.clients)


@pytest.fixture(autouse=True)
def requests_as_the_server_makes_them(monkeypatch):
    monkeypatch.setattr("django.test.client.WSGIRequest", Utf8Request)
