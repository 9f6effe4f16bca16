"""What every page's header shows of notifications."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from notifications.models import Notification

COUNTED = 100
"""Of more, the header only says that there are more than 99."""


def unread(request: HttpRequest) -> dict[str, object]:
    """``unread_notifications``: how many the signed-in user has not read, up to COUNTED (0 for anonymous)."""

    def count() -> int:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return 0
        return Notification.objects.filter(user_id=user.pk).unread().order_by()[:COUNTED].count()

    return {"unread_notifications": SimpleLazyObject(count)}
