"""The account, its API tokens, and who may try to sign in."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.messages.views import SuccessMessageMixin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from pipeline.accounts import quotas
from pipeline.accounts.forms import TokenForm
from pipeline.accounts.models import ApiToken
from pipeline.accounts.throttling import SIGN_IN, address, seconds_to_wait, too_many
from pipeline.http import SignedInRequest


class SignIn(auth.LoginView):
    """Guarded: by axes for a name and an address, here for an address that tries many names."""

    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign in, or say why not."""
        if wait := seconds_to_wait(SIGN_IN, address(request)):
            return too_many(request, wait)
        return super().post(request, *args, **kwargs)


def locked_out(request: HttpRequest, credentials: object = None, *_: object) -> HttpResponse:
    """What axes has answered after too many wrong passwords; the same whether there is such an account or not."""
    return too_many(request, settings.SIGN_IN_LOCK_SECONDS)


@login_required
@require_GET
def account(request: SignedInRequest) -> HttpResponse:
    """Who is signed in, which tokens there are, and how much of what."""
    return _page(request, TokenForm())


@login_required
@require_POST
@never_cache
def create_token(request: SignedInRequest) -> HttpResponse:
    """Make a token and show it, this once: only its digest is kept."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        with transaction.atomic():
            quotas.require(request.user, tokens=1)
            _, secret = ApiToken.objects.create(user=request.user, name=form.cleaned_data["name"], expiry=form.lifetime)
    except quotas.QuotaExceeded as error:
        form.refuse(error)
        return _page(request, form, status=409)
    return _page(request, TokenForm(), status=201, new_token=secret)


@login_required
@require_POST
def revoke_token(request: SignedInRequest, token_key: str) -> HttpResponse:
    """Refuse a token from now on."""
    get_object_or_404(ApiToken, user=request.user, token_key=token_key).delete()
    messages.success(request, "The token was revoked. Scripts that use it are refused from now on.")
    return redirect("account")


class ChangePassword(SuccessMessageMixin[PasswordChangeForm], auth.PasswordChangeView):
    """The user's own; API tokens go with it."""

    template_name = "account/password.html"
    success_url = reverse_lazy("account")
    success_message = "Your password was changed, and your API tokens were revoked"


def _page(request: SignedInRequest, form: TokenForm, *, status: int = 200, **context: Any) -> HttpResponse:
    context |= {"form": form, "tokens": ApiToken.objects.of(request.user), "usage": quotas.usage(request.user)}
    return render(request, "account/account.html", context, status=status)
