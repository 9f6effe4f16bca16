"""The admin of accounts: users with their quotas, and tokens that are made and revoked, never changed."""

from typing import Any

from axes.models import AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest
from knox.admin import AuthTokenAdmin, AuthTokenCreateForm
from knox.models import AuthToken

from pipeline.accounts.models import ApiToken, Quota
from pipeline.deletion import Protected
from pipeline.long_lists import BoundedPaginator

admin.site.unregister([User, AuthToken, AccessLog, AccessFailureLog])  # attempts are enough; logs are not written


class QuotaInline(admin.StackedInline[Quota, User]):
    """What this user may have."""

    model = Quota
    verbose_name_plural = "Quota (empty: as the settings say)"


@admin.register(User)
class Users(Protected, UserAdmin[User]):
    """When somebody came and was last here is a fact."""

    readonly_fields = ["last_login", "date_joined"]
    paginator = BoundedPaginator
    show_full_result_count = False
    inlines = [QuotaInline]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """A user who is being made has none yet."""
        return self.inlines if obj else []


class TokenCreateForm(AuthTokenCreateForm):  # type: ignore[misc]  # knox has no types
    """For somebody else: the secret is shown once, as a message."""

    class Meta:
        model = ApiToken
        fields = ["user", "name", "expiry"]


@admin.register(ApiToken)
class Tokens(AuthTokenAdmin):  # type: ignore[misc]
    """Shown by their first characters, as on the account's page."""

    add_form = TokenCreateForm
    list_display = ["token_key", "name", "user", "created", "expiry", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["token_key", "name", "user__username"]
    formfield_overrides = {
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput(attrs={"type": "datetime-local"}),
        }
    }

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False
