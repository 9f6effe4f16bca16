"""The admin of notifications."""

from django.contrib import admin
from django.http import HttpRequest

from notifications.models import Notification
from pipeline.long_lists import CreatedFilter, LongList, by_id, of_user, recent


@admin.register(Notification)
class NotificationAdmin(LongList):
    list_display = ["title", "user", "type", "priority", "created_at", "read_at"]
    list_filter = [
        CreatedFilter,
        recent("type", "type", Notification.Type.choices),
        recent("priority", "priority", Notification.Priority.choices),
        recent("read_at__isnull", "read", [("False", "Yes"), ("True", "No")]),
    ]
    finders = [by_id(), of_user()]
    search_help_text = "A notification’s id or its first characters, or the beginning of a username."
    list_select_related = ["user"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False
