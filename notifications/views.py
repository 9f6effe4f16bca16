"""The page of notifications."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from notifications.models import Notification
from pipeline.http import SignedInRequest
from pipeline.pagination import list_page, turning_pages

PER_PAGE = 30


@login_required
@require_GET
@turning_pages
def notification_list(request: SignedInRequest) -> HttpResponse:
    rows = Notification.objects.filter(user_id=request.user.pk)
    return render(request, "notifications/list.html", {"page": list_page(request, rows, PER_PAGE)})


@login_required
@require_POST
def read_all(request: SignedInRequest) -> HttpResponse:
    Notification.objects.filter(user_id=request.user.pk).mark_read()
    return redirect("notifications:list")


@login_required
@require_POST
def open_one(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Mark it read and go where it leads."""
    rows = Notification.objects.filter(user_id=request.user.pk)
    notification = get_object_or_404(rows, pk=pk)
    rows.filter(pk=pk).mark_read()
    if url_has_allowed_host_and_scheme(notification.action_url, allowed_hosts=None):
        return redirect(notification.action_url)
    return redirect("notifications:list")
