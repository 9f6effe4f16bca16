"""schemathesis over the whole document, as each who may ask; ``make fuzz`` does the same at length over HTTP."""

import tomllib
from pathlib import Path

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from schemathesis.config import SchemathesisConfig

from pipeline.wsgi import application
from tests.openapi.scene import Scene, document

pytestmark = pytest.mark.django_db

PLAIN = {"Accept-Encoding": "identity"}
CONFIG = Path(__file__).resolve().parent / "schemathesis.toml"
QUICK = hypothesis.settings(
    max_examples=3,
    stateful_step_count=8,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture(autouse=True)
def unlimited(settings):
    settings.RATES = dict.fromkeys(settings.RATES, "")
    settings.QUOTAS = dict.fromkeys(settings.QUOTAS, 0)
    settings.ALLOWED_HOSTS = ["localhost"]


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture(autouse=True)
def one_connection(db):
    """The test's own, which holds all in a transaction: Django would close it after each request."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def load(**more):
    config = SchemathesisConfig.from_dict(tomllib.loads(CONFIG.read_text()) | more)
    schema = schemathesis.openapi.from_dict(document(), config=config)
    schema.app = application
    return schema


@load().parametrize()
@QUICK
def test_an_operation_does_what_its_description_says(case, scene):
    case.call_and_validate(headers=scene.identities[next(scene.askers)] | PLAIN)


def test_so_do_operations_one_after_the_other(scene):
    schema = load(headers=scene.identities["token"] | PLAIN)
    schema.as_state_machine().run(settings=QUICK)
