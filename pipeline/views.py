"""Pages of no single app: the account, its API tokens, and what is shown when something is not there."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from knox.models import AuthToken
from structlog.contextvars import get_contextvars

from pipeline.http import SignedInRequest


@login_required
@require_GET
def account(request: SignedInRequest) -> HttpResponse:
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
    get_object_or_404(AuthToken, user=request.user, token_key=token_key).delete()
    messages.success(request, "The token was revoked. Scripts that use it are refused from now on.")
    return redirect("account")


class ChangePassword(SuccessMessageMixin, PasswordChangeView):
    template_name = "account/password.html"
    success_url = reverse_lazy("account")
    success_message = "Your password was changed"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"error": "There is nothing at this address.", "details": None}, status=404)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        message = "Something went wrong on our side. It has been logged; please try again."
        return JsonResponse({"error": message, "details": None}, status=500)
    context = {"request_id": get_contextvars().get("request_id")}
    return render(None, "500.html", context, status=500)  # without the request: no query while all may be down


def _tokens(request: SignedInRequest) -> object:
    return AuthToken.objects.filter(user_id=request.user.pk).order_by("-created")
