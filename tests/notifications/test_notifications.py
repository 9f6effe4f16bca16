"""The notifications page and the bell."""

import pytest

from notifications.models import Notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def notify(user):
    def make(**changes):
        values = {"user": user, "type": "job_queued", "title": "Queued", "message": "m", "action_url": "/account"}
        return Notification.objects.create(**values | changes)

    return make


def test_the_bell_counts_what_is_unread(signed_in, notify, other_user):
    notify()
    notify(user=other_user)
    assert "Notifications, 1 unread" in signed_in.get("/datasets").content.decode()


def test_opening_one_marks_it_read_and_goes_where_it_leads(signed_in, notify):
    note = notify()
    answer = signed_in.post(f"/notifications/{note.pk}/open")
    assert answer["Location"] == "/account"
    note.refresh_from_db()
    assert note.read_at
    assert "unread" not in signed_in.get("/account").content.decode()


@pytest.mark.parametrize("url", ["", "https://elsewhere.example/", "//elsewhere.example/"])
def test_a_notification_leads_nowhere_else(signed_in, notify, url):
    note = notify(action_url=url)
    assert signed_in.post(f"/notifications/{note.pk}/open")["Location"] == "/notifications"


def test_all_can_be_marked_read(signed_in, notify):
    notify(), notify()
    signed_in.post("/notifications/read")
    assert not Notification.objects.unread().exists()


def test_another_users_notification_looks_like_none(signed_in, notify, other_user):
    note = notify(user=other_user)
    assert signed_in.post(f"/notifications/{note.pk}/open").status_code == 404
    assert "Nothing yet" in signed_in.get("/notifications").content.decode()
