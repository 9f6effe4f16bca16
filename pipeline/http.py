"""What a request is behind ``login_required``, for type checkers and for who reads the views; how large it may be."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

FORM_OVERHEAD_BYTES = 64 * 1024
"""What a form holds beside the file."""

View = TypeVar("View", bound=Callable[..., Any])


def takes_files(view: View) -> View:
    """Mark a view to which a whole data set may be sent; in a class of views, the attribute says so."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


class SignedInRequest(HttpRequest):
    user: User
    htmx: HtmxDetails


def api_user(request: Request) -> AbstractBaseUser:
    """Who signed an API request in. Raises NotAuthenticated, which the default permission has done before."""
    if not isinstance(request.user, AbstractBaseUser):
        raise NotAuthenticated
    return request.user
