"""The account, and its API tokens."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from knox.models import AuthToken

from pipeline.http import SignedInRequest


@login_required
@require_GET
def account(request: SignedInRequest) -> HttpResponse:
    """Who is signed in, and which tokens there are."""
    return render(request, "account/account.html", {"tokens": _tokens(request)})


@login_required
@require_POST
@never_cache
def create_token(request: SignedInRequest) -> HttpResponse:
    """Make a token and show it, this once: only its digest is kept."""
    _, token = AuthToken.objects.create(user=request.user)
    return render(request, "account/account.html", {"tokens": _tokens(request), "new_token": token}, status=201)


@login_required
@require_POST
def revoke_token(request: SignedInRequest, token_key: str) -> HttpResponse:
    """Refuse a token from now on."""
    get_object_or_404(AuthToken, user=request.user, token_key=token_key).delete()
    messages.success(request, "The token was revoked. Scripts that use it are refused from now on.")
    return redirect("account")


class ChangePassword(SuccessMessageMixin[PasswordChangeForm], PasswordChangeView):
    """The user's own."""

    template_name = "account/password.html"
    success_url = reverse_lazy("account")
    success_message = "Your password was changed"


def _tokens(request: SignedInRequest) -> object:
    return AuthToken.objects.filter(user_id=request.user.pk).order_by("-created")
