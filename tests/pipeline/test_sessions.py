"""Sessions: they outlive a broker that is away or was emptied, and end at once, everywhere, when they are to end."""

import pytest
from django.core.cache import cache
from django.test import Client

pytestmark = pytest.mark.django_db

NOWHERE = "unix:///nowhere/valkey.sock"
PASSWORD, NEW = "correct horse battery", "staple battery horse correct"


@pytest.fixture
def ada(user):
    user.set_password(PASSWORD)
    user.save()
    return user


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def like(client):
    """Another browser with the same cookies, as they were."""
    other = Client()
    other.cookies.load({name: morsel.value for name, morsel in client.cookies.items()})
    return other


def is_signed_in(client):
    return client.get("/notifications").status_code == 200


@pytest.fixture
def away(settings):
    def take_away():
        settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": NOWHERE}}

    return take_away


def test_a_broker_that_is_away_signs_nobody_out(ada, away):
    client = browser(ada)
    away()
    assert cache.get("anything") is None
    assert is_signed_in(client)
    assert is_signed_in(browser(ada))


def test_who_signs_out_while_the_broker_is_away_is_out_when_it_is_back(ada, away, settings):
    client = browser(ada)
    assert is_signed_in(client)
    copied, caches = like(client), settings.CACHES
    away()
    client.post("/logout")
    settings.CACHES = caches
    assert not is_signed_in(client)
    assert not is_signed_in(copied)


def test_a_new_password_ends_every_other_session_at_once(ada):
    here, elsewhere = browser(ada), browser(ada)
    assert is_signed_in(elsewhere)
    answer = here.post("/account/password", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW})
    assert answer.status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_a_session_that_has_run_out_is_none(ada, settings):
    settings.SESSION_COOKIE_AGE = -1
    assert not is_signed_in(browser(ada))


def test_a_session_keeps_what_is_put_in_it(ada):
    client = browser(ada)
    session = client.session
    session["language"] = "Ünïcode"
    session.save()
    assert client.session["language"] == "Ünïcode"
    assert is_signed_in(client)


@pytest.mark.parametrize("key", ["short", "a" * 31 + "\0", "a" * 4000, "ä" * 32, "A" * 32, "' OR 1=1 --" * 3, "a" * 32])
def test_whatever_else_a_cookie_holds_is_no_session(key, settings):
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get("/notifications").status_code == 302
