"""The project's addresses, and some that break."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.urls import path
from rest_framework.decorators import api_view, permission_classes

from pipeline.urls import *  # noqa: F403
from pipeline.urls import urlpatterns


def page(error):
    def view(request):
        raise error

    return view


@api_view()
@permission_classes([])
def api(request):
    raise ValueError("broken")


urlpatterns = [
    path("broken", page(ValueError("broken"))),
    path("refused", page(PermissionDenied())),
    path("suspicious", page(SuspiciousOperation("not like that"))),
    path("api/broken", api),
    *urlpatterns,
]
