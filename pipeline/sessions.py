"""Sessions in the database, read by one short query: who signs out, or is signed out, is so at once and everywhere.

Not in the cache as well (``cached_db``): that is no quicker, and a cache that is away while somebody signs out would
still have the session when it is back.
"""

import re
from typing import Any

from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

QUERY = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"
KEY = re.compile(r"[a-z0-9]{8,40}")


class SessionStore(db.SessionStore):
    """Django's own, without a model for each request that somebody signed in makes."""

    def load(self) -> dict[str, Any]:
        """What was kept; an empty session under no key where there is none, or it has run out."""
        row = None
        if self.session_key:
            with connection.cursor() as cursor:
                cursor.execute(QUERY, [self.session_key, timezone.now()])
                row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return dict(self.decode(row[0]))

    def _validate_session_key(self, key: str | None) -> bool:
        """Whatever else a cookie holds is no key, and no question for the database."""
        return key is not None and KEY.fullmatch(key) is not None
