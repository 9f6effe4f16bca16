"""The admin of accounts: Django's users, and tokens that are made and revoked, never changed."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest
from knox.admin import AuthTokenAdmin
from knox.models import AuthToken

admin.site.unregister([User, AuthToken])


@admin.register(User)
class Users(UserAdmin[User]):
    """When somebody came and was last here is a fact."""

    readonly_fields = ["last_login", "date_joined"]


@admin.register(AuthToken)
class Tokens(AuthTokenAdmin):  # type: ignore[misc]  # knox has no types
    """Shown by their first characters, as on the account's page."""

    list_display = ["token_key", "user", "created", "expiry"]
    formfield_overrides = {
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}),
        }
    }

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False
