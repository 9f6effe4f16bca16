"""Lists by key: no row is lost or shown twice, however many are of the same time and whatever is added on the way."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.models import Dataset
from notifications.models import Notification
from pipeline.keyset import NEWEST_FIRST, BadCursor

pytestmark = pytest.mark.django_db
TIMES = st.lists(st.integers(0, 6), max_size=20)


def add(user, minutes):
    """Notifications of these minutes, of which many are the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lora_notifications (id, user_id, type, title, message, priority, action_url, metadata, "
            "created_at) SELECT gen_random_uuid(), %s, 'job_queued', 'Q', '', 'low', '', '{}', "
            "'2026-01-01'::timestamptz + minute * interval '1 minute' FROM unnest(%s::int[]) minute RETURNING id",
            [user.pk, minutes],
        )
        return {pk for (pk,) in cursor.fetchall()}


def walk(rows, size, way, begin="", on_the_way=lambda: None):
    """Every page from a place on, one way."""
    cursor, pages = begin, []
    while True:
        page = NEWEST_FIRST.page(rows, size, cursor)
        pages.append(page)
        cursor = getattr(page, way)
        if not cursor:
            return pages
        on_the_way()


def shown(pages):
    return [row.pk for page in pages for row in page.rows]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=TIMES, added=st.lists(st.lists(st.integers(-2, 9), max_size=3), max_size=8), size=st.integers(1, 7))
def test_every_row_is_seen_once_both_ways_whatever_is_added(user, times, added, size):
    Notification.objects.all().delete()
    there, rows, more = add(user, times), Notification.objects.filter(user=user), iter(added)

    def something_happens():
        add(user, next(more, []))

    down = walk(rows, size, "next", on_the_way=something_happens)
    seen = shown(down)
    assert len(seen) == len(set(seen))
    assert there <= set(seen)
    assert all(len(page.rows) == size for page in down[:-1])
    seen_at = [(row.created_at, row.pk) for page in down for row in page.rows]
    assert seen_at == sorted(seen_at, reverse=True)
    if not down[-1].previous:
        return
    up = walk(rows, size, "previous", begin=down[-1].previous, on_the_way=something_happens)
    seen = shown([*reversed(up), down[-1]])
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


def test_the_same_place_shows_the_same_rows_while_others_are_added(user):
    add(user, [1, 1, 2, 2, 3, 3])
    rows = Notification.objects.filter(user=user)
    first = NEWEST_FIRST.page(rows, 2)
    second = NEWEST_FIRST.page(rows, 2, first.next)
    add(user, [9, 9, 1])
    assert shown([NEWEST_FIRST.page(rows, 2, first.next)]) == shown([second])
    assert shown([NEWEST_FIRST.page(rows, 2, second.previous)]) == shown([first])


@pytest.mark.parametrize("other", ["x", "a.b", "é", "\0", "\ud800", ".", "x" * 100_000, "WyJhZnRlciJd.x"])
def test_what_was_not_made_here_is_refused(user, other):
    with pytest.raises(BadCursor):
        NEWEST_FIRST.page(Notification.objects.all(), 2, other)


def test_another_lists_cursor_is_refused(user):
    cursor = NEWEST_FIRST.cursor("after", Notification.objects.create(user=user, type="job_queued", title="Q"))
    with pytest.raises(BadCursor):
        NEWEST_FIRST.page(Dataset.objects.all(), 2, cursor)
