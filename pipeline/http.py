"""What a request is behind ``login_required``, for type checkers and for who reads the views."""

from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request


class SignedInRequest(HttpRequest):
    user: User
    htmx: HtmxDetails


def api_user(request: Request) -> AbstractBaseUser:
    """Who signed an API request in. Raises NotAuthenticated, which the default permission has done before."""
    if not isinstance(request.user, AbstractBaseUser):
        raise NotAuthenticated
    return request.user
